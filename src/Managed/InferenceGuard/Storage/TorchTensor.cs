// One tensor of a PyTorch file.

namespace InferenceGuard.Storage;

/// <summary>One tensor of a PyTorch file: a view of a storage, and within it.</summary>
/// <param name="Storage">Where its elements lie.</param>
/// <param name="Offset">Elements of the storage before its first.</param>
/// <param name="Shape">Elements per dimension.</param>
/// <param name="Strides">Elements of the storage from one index of a dimension to the next.</param>
internal sealed record TorchTensor(TorchStorage Storage, long Offset, long[] Shape, long[] Strides)
{
    /// <summary>Product of the shape.</summary>
    public long ElementCount => Shape.Aggregate(1L, static (product, length) => product * length);

    /// <summary>Elements of the storage from its first to its last.</summary>
    public long Span => ElementCount == 0 ? 0 : 1 + Shape.Zip(Strides, static (length, stride) => (length - 1) * stride).Sum();

    /// <summary>Puts elements into their order, the last dimension contiguous.</summary>
    /// <param name="span">The elements of the storage from the first to the last of the tensor.</param>
    public float[] Gather(float[] span)
    {
        var values = new float[ElementCount];
        var index = new long[Shape.Length];
        for (var at = 0; at < values.Length; at++)
        {
            values[at] = span[index.Zip(Strides, static (position, stride) => position * stride).Sum()];
            for (var dimension = Shape.Length - 1; dimension >= 0 && ++index[dimension] == Shape[dimension]; dimension--)
                index[dimension] = 0;
        }
        return values;
    }
}
