// What is asked of a device: numbers of CUdevice_attribute.

namespace InferenceGuard.Interop.Cuda;

/// <summary>Numbers of <c>CUdevice_attribute</c>.</summary>
internal enum CudaAttribute
{
    MultiprocessorCount = 16,
    MemoryClockKilohertz = 36,
    MemoryBusWidthBits = 37,
    L2CacheBytes = 38,
    CapabilityMajor = 75,
    CapabilityMinor = 76,
    SharedBytesPerBlockOptIn = 97,
}
