// Pieces of work on several threads: each exactly once, and none lost with an error.

using InferenceGuard.Compute;

namespace InferenceGuard.Tests.Compute;

internal sealed class ParallelWorkTests
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    [Test]
    public void Run_ManyRounds_DoesEveryPieceOnce()
    {
        var times = new int[19];
        using var work = new ParallelWork(piece => Interlocked.Increment(ref times[piece]));
        for (var round = 0; round < 3000; round++)
        {
            var (count, threads) = (round % times.Length, 1 + round % 5);
            Array.Clear(times);
            work.Run(count, threads);
            if (times.AsSpan(0, count).ContainsAnyExcept(1) || times.AsSpan(count).ContainsAnyExcept(0))
                Assert.Fail($"round {round}, {count} pieces, {threads} threads: {string.Join(' ', times)}");
        }
    }

    [Test]
    public void Run_NoPieces_ReturnsAtOnce()
    {
        using var work = new ParallelWork(static _ => Assert.Fail("there is no piece"));
        Assert.That(Finishes(() => work.Run(0, 4)));
    }

    [Test]
    public void Run_SeveralThreads_ShareThePieces()
    {
        RequireTwoCores();
        using var both = new CountdownEvent(2);
        using var work = new ParallelWork(_ =>
        {
            both.Signal();
            Assert.That(both.Wait(s_patience), "the other piece does not begin before this one is done");
        });
        work.Run(2, 2);
    }

    [TestCase(1)]
    [TestCase(2)]
    [TestCase(8)]
    public void Run_PieceThrows_TheCallerGetsItAndTheNextRunIsWhole(int threads)
    {
        var (fails, done) = (true, 0);
        using var work = new ParallelWork(piece =>
        {
            if (fails && piece % 3 == 2)
                throw new GuardException(GuardFault.Generation, "a bad piece");
            Interlocked.Increment(ref done);
        });
        for (var round = 0; round < 200; round++)
        {
            fails = true;
            Assert.That(Finishes(() => Assert.That(() => work.Run(17, threads), Throws.TypeOf<GuardException>().With.Message.EqualTo("a bad piece"))));
            (fails, done) = (false, 0);
            work.Run(17, threads);
            Assert.That(done, Is.EqualTo(17));
        }
    }

    [Test]
    public void Run_PieceThrowsOnAnotherThread_TheCallerGetsIt()
    {
        RequireTwoCores();
        var caller = 0;
        using var thrown = new ManualResetEventSlim();
        using var work = new ParallelWork(_ =>
        {
            if (Environment.CurrentManagedThreadId == caller)
                Assert.That(thrown.Wait(s_patience), "no other thread takes a piece");
            else
            {
                thrown.Set();
                throw new GuardException(GuardFault.Generation, "elsewhere");
            }
        });
        caller = Environment.CurrentManagedThreadId;
        Assert.That(() => work.Run(2, 2), Throws.TypeOf<GuardException>().With.Message.EqualTo("elsewhere"));
    }

    private static void RequireTwoCores()
    {
        if (Environment.ProcessorCount < 2)
            Assert.Ignore("needs two cores: on one the caller does all the work");
    }

    private static bool Finishes(Action action)
    {
        var task = Task.Run(action);
        return task.Wait(s_patience);
    }
}
