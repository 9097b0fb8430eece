// Native calls pass blittable values only, so that no hidden marshalling happens anywhere in the library.

[assembly: System.Runtime.CompilerServices.DisableRuntimeMarshalling]
