# Makes the PyTorch files of these tests with pickle itself and stand-ins for the few names of torch, which need not be installed. Run it in this folder.
import io, pickle, struct, sys, types, zipfile
from collections import OrderedDict
torch, utils = types.ModuleType("torch"), types.ModuleType("torch._utils")
def module_of(name, function, module):
    function.__module__, function.__qualname__, function.__name__ = module.__name__, name, name
    setattr(module, name, function)
for name in ("_rebuild_tensor_v2", "_rebuild_parameter"):
    module_of(name, lambda *a: None, utils)
for name in ("FloatStorage", "HalfStorage", "BFloat16Storage", "DoubleStorage", "LongStorage"):
    module_of(name, type(name, (), {}), torch)
torch._utils = utils
sys.modules.update({"torch": torch, "torch._utils": utils})
class Storage:
    def __init__(self, kind, key, data, count): self.kind, self.key, self.data, self.count = kind, key, data, count
class Tensor:
    def __init__(self, storage, offset, shape, strides, parameter=False): self.args, self.parameter = (storage, offset, shape, strides, False, OrderedDict()), parameter
    def __reduce__(self):
        if self.parameter:
            return utils._rebuild_parameter, (Tensor(*self.args[:4]), False, OrderedDict())
        return utils._rebuild_tensor_v2, self.args
class Pickler(pickle.Pickler):
    def persistent_id(self, thing):
        return ("storage", getattr(torch, thing.kind), thing.key, "cpu", thing.count) if isinstance(thing, Storage) else None
def bf16(values): return b"".join(struct.pack("<f", v)[2:] for v in values)
weight = [(at % 7 - 3) * 0.25 for at in range(64)]
shared = struct.pack("<6f", 0, 1, 2, 3, 4, 5)
f = Storage("FloatStorage", "2", shared, 6)
state = OrderedDict()
state["model.embed_tokens.weight"] = Tensor(f, 0, (2, 3), (3, 1))
state["model.transposed"] = Tensor(f, 0, (3, 2), (1, 3))
state["model.column"] = Tensor(f, 1, (2,), (3,))
state["score_head.weight"] = Tensor(Storage("BFloat16Storage", "0", bf16(weight), 64), 0, (1, 64), (64, 1), parameter=True)
state["score_head.bias"] = Tensor(Storage("HalfStorage", "1", struct.pack("<e", -1.5), 1), 0, (1,), (1,))
state["normalizer.mean"] = Tensor(Storage("DoubleStorage", "3", struct.pack("<d", 0.5), 1), 0, (1,), (1,))
state["normalizer.var"] = Tensor(Storage("FloatStorage", "4", struct.pack("<f", 6.25), 1), 0, (1,), (1,))
state["normalizer.count"] = Tensor(Storage("LongStorage", "5", struct.pack("<q", 9), 1), 0, (1,), (1,))
state._metadata = OrderedDict([("", {"version": 1})])
def write(path, protocol):
    buffer = io.BytesIO()
    Pickler(buffer, protocol).dump(state)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        def put(name, data): archive.writestr(zipfile.ZipInfo("pytorch_model/" + name, (1980, 1, 1, 0, 0, 0)), data)
        put("data.pkl", buffer.getvalue())
        put("byteorder", b"little")
        for key, data in (("0", bf16(weight)), ("1", struct.pack("<e", -1.5)), ("2", shared), ("3", struct.pack("<d", 0.5)), ("4", struct.pack("<f", 6.25)), ("5", struct.pack("<q", 9))):
            put("data/" + key, data)
        put("version", b"3\n")
write("torch-protocol-two.bin", 2)
write("torch-protocol-four.bin", 4)
