// Puts numbered badges beside the points of a plot so that none covers another.

namespace InferenceGuard.Evaluation;

/// <summary>Finds places for badges: the nearest free one around each point, in the order of the points.</summary>
internal static class BadgePlacement
{
    private const int Directions = 24;

    /// <summary>Centres of the badges.</summary>
    /// <param name="points">The points, in pixels.</param>
    /// <param name="radius">Radius of a badge.</param>
    /// <param name="width">The badges stay within 0 … width.</param>
    /// <param name="height">The badges stay within 0 … height.</param>
    public static IReadOnlyList<(double X, double Y)> Place(IReadOnlyList<(double X, double Y)> points, double radius, double width, double height)
    {
        var placed = new List<(double X, double Y)>();
        foreach (var point in points)
        {
            var free = Around(point, radius, width, height).Where(place => placed.TrueForAll(other => Distance(place, other) >= 2 * radius + 1)).ToArray();
            placed.Add(free.Where(place => points.All(other => Distance(place, other) >= radius + 3)).Concat(free).FirstOrDefault(point));
        }
        return placed;
    }

    // Up and to the right first, then around, then further away.
    private static IEnumerable<(double X, double Y)> Around((double X, double Y) point, double radius, double width, double height) =>
        from ring in Enumerable.Range(0, (int)((width + height) / radius))
        let distance = radius + 5 + ring * radius * 0.75
        from turn in Enumerable.Range(0, Directions)
        let angle = -Math.PI / 4 + (turn % 2 == 0 ? 1 : -1) * ((turn + 1) / 2) * 2 * Math.PI / Directions
        let place = (X: point.X + distance * Math.Cos(angle), Y: point.Y + distance * Math.Sin(angle))
        where place.X >= radius && place.X <= width - radius && place.Y >= radius && place.Y <= height - radius
        select place;

    private static double Distance((double X, double Y) one, (double X, double Y) other) =>
        Math.Sqrt((one.X - other.X) * (one.X - other.X) + (one.Y - other.Y) * (one.Y - other.Y));
}
