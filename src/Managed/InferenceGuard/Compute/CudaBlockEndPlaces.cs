// Where the parts of a block's end lie in device memory.

namespace InferenceGuard.Compute;

/// <summary>Device pointers of the parts of a block's end; C candidates, L live ones, S cost steps.</summary>
internal readonly record struct CudaBlockEndPlaces
{
    // Uploaded together.
    public required nint Header { get; init; }
    public required nint StatesBefore { get; init; } // float[C]
    public required nint ValuesBefore { get; init; } // float[C]
    public required nint Charges { get; init; } // int[C]
    public required nint Costs { get; init; } // float[S, C]
    public required nint Live { get; init; } // int[L]
    public required nint Rows { get; init; } // int[L]
    public required nint Progress { get; init; } // float[L]
    public required nint Earned { get; init; } // float[L]
    public required nint Growths { get; init; } // float[L]

    // Uploaded by themselves, of as many rows as there are.
    public required nint Logits { get; init; } // float[rows, V]
    public required nint Hidden { get; init; } // float[rows, H]
    public required nint Means { get; init; } // float[L, H]

    // Downloaded together.
    public required nint States { get; init; } // float[C]
    public required nint Safe { get; init; } // float[C]
    public required nint Values { get; init; } // float[C]
    public required nint Scores { get; init; } // float[C]
    public required nint Kept { get; init; } // int[C]
    public required nint Status { get; init; } // int[4]
}
