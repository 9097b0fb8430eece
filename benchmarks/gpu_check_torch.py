#!/usr/bin/env python3
"""The work of our CUDA kernels in PyTorch, eager and compiled, on the same shapes: what `kernels --against FILE` compares with.

The end of a block: charges (M2), a summary of the logits, standardised latents, a network with one hidden layer, scores (M7) and the best
K. Sampling: softmax, sort, cumulative sum, multinomial. Matrix products get inputs padded to a multiple of 32, as ours do, so that they run
on tensor cores. Times are medians between CUDA events with caches flushed before; where the inputs come from the host, of the whole call.
"""

import argparse
import json
import statistics
import sys
import time

import torch

STEPS = 4
END_TOKENS = [2, 5]
BUDGET, DISCOUNT, THRESHOLD, PENALTY = 10.0, 0.99, 0.1, 1000.0
FULL = (
    [(n, 4096, 1024, 32_000) for n in (1, 32, 128, 512)],
    [(n, v) for v in (32_000, 128_256) for n in (1, 32, 128)],
)
SMALL = ([(n, 256, 64, 2000) for n in (1, 32)], [(n, 2000) for n in (1, 8)])


class Timer:
    """Medians over rounds, in µs."""

    def __init__(self, device, rounds):
        self.device, self.rounds = device, rounds
        # More than the second-level cache of any card.
        self.flush = torch.empty(256 << 20, dtype=torch.int8, device=device) if device.type == "cuda" else None

    def wait(self):
        if self.device.type == "cuda":
            torch.cuda.synchronize()

    def on_device(self, call):
        if self.device.type != "cuda":
            return self.on_host(call)
        times = []
        for _ in range(self.rounds):
            self.flush.zero_()
            begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
            begin.record()
            call()
            end.record()
            end.synchronize()
            times.append(1000 * begin.elapsed_time(end))
        return statistics.median(times)

    def on_host(self, call):
        times = []
        for _ in range(self.rounds):
            self.wait()
            begin = time.perf_counter()
            call()
            self.wait()
            times.append(1e6 * (time.perf_counter() - begin))
        return statistics.median(times)


class BlockEnd(torch.nn.Module):
    """All candidates live, a critic with one hidden layer."""

    def __init__(self, beams, hidden, units, vocabulary, numbers, device):
        super().__init__()
        self.keep = max(1, beams // 4)
        self.width = 2 * hidden + 10
        self.padding = -self.width % 32
        self.numbers = numbers
        generator = torch.Generator().manual_seed(3)

        def random(*shape, deviation=1.0):
            return deviation * torch.randn(*shape, generator=generator)

        weight = random(units, self.width, deviation=self.width**-0.5)
        for name, tensor in (
            ("weight", torch.nn.functional.pad(weight, (0, self.padding)).to(numbers)),
            ("bias", random(units, deviation=0.1).to(numbers)),
            ("heads", random(2, units, deviation=units**-0.5).to(numbers)),
            ("heads_bias", random(2, deviation=0.1).to(numbers)),
            ("mean", random(self.width, deviation=0.1)),
            ("inverse", 1 / (1 + random(self.width, deviation=0.1).abs())),
            ("ends", torch.tensor(END_TOKENS)),
        ):
            self.register_buffer(name, tensor.to(device))
        # What changes from block to block comes from the host.
        self.host = [
            random(beams, vocabulary, deviation=2.5),  # logits
            random(beams, hidden),
            random(beams, hidden),  # means of the hidden states
            3 + torch.arange(beams, dtype=torch.float32) % 5,  # z
            0.25 * torch.randint(0, 3, (STEPS, beams), generator=generator).float(),  # costs
            torch.full((beams,), 0.5),  # progress
            torch.arange(beams, dtype=torch.float32) % 7,  # earned
            torch.full((beams,), 1.1),  # growth
        ]
        self.inputs = [tensor.to(device) for tensor in self.host]

    def forward(self, logits, hidden, means, states, costs, progress, earned, growth):
        for step in range(STEPS):
            states = (states - costs[step]) / DISCOUNT
        total = torch.logsumexp(logits, -1, keepdim=True)
        log_probs = logits - total
        probs = log_probs.exp()
        top = torch.topk(log_probs, 20).values
        masses = top.exp()
        summary = [
            -(probs * log_probs).sum(-1),
            total[:, 0],
            top[:, 0],
            masses[:, 0],
            masses[:, :5].sum(-1),
            masses.sum(-1),
            torch.logsumexp(log_probs[:, self.ends], -1).clamp_min(-100),
        ]
        extra = torch.stack([*summary, states / BUDGET, progress, earned], -1)
        latent = (torch.cat([hidden, means, extra], -1) - self.mean) * self.inverse
        latent = torch.nn.functional.pad(latent.to(self.numbers), (0, self.padding))
        inner = torch.nn.functional.silu(torch.nn.functional.linear(latent, self.weight, self.bias))
        out = torch.nn.functional.linear(inner, self.heads, self.heads_bias).float()
        safe, values = torch.sigmoid(out[:, 0]), out[:, 1] * growth
        scores = torch.where((states >= 0) & (safe > THRESHOLD), values, torch.full_like(values, -PENALTY))
        return states, safe, values, scores, torch.topk(scores, self.keep).indices


def sample(kind):
    """A function from logits [N, V] to tokens [N] and their log-probabilities."""

    def plain(logits):
        probs = torch.softmax(logits, -1)
        tokens = torch.multinomial(probs, 1)
        return tokens, probs.gather(-1, tokens).log()

    def truncated(logits):
        probs = torch.softmax(logits, -1)
        ordered, index = torch.sort(probs, descending=True)
        kept = ordered
        if kind == "top_k_top_p_min_p":
            kept = torch.where(torch.arange(kept.shape[-1], device=kept.device) < 40, kept, torch.zeros_like(kept))
            kept = kept / kept.sum(-1, keepdim=True)
        before = torch.cumsum(kept, -1) - kept
        kept = torch.where(before < 0.9, kept, torch.zeros_like(kept))
        if kind == "top_k_top_p_min_p":
            kept = torch.where(ordered >= 0.05 * ordered[:, :1], kept, torch.zeros_like(kept))
        tokens = index.gather(-1, torch.multinomial(kept, 1))
        return tokens, probs.gather(-1, tokens).log()

    return plain if kind == "plain" else truncated


def measure(timer, function, inputs, host, key, part, mode, rows):
    """Times a function on inputs that are on the device, and with their copies from the host; eager, then compiled."""
    device = inputs[0].device
    for name in ("eager", "compiled"):
        graph, whole = rows.setdefault(f"{key}/{part}", {}), rows.setdefault(f"{key}/whole", {})
        if name == "compiled" and mode == "none":
            continue
        try:
            call = function
            if name == "compiled":
                torch.compiler.reset()
                call = torch.compile(function, dynamic=False, mode=None if mode == "default" else mode)

            def from_host():
                results = call(*(tensor.to(device) for tensor in host))
                return [result.cpu() for result in results]

            for _ in range(3):
                call(*inputs)
            graph[f"{name}Us"] = timer.on_device(lambda: call(*inputs))
            for _ in range(3):
                from_host()
            whole[f"{name}Us"] = timer.on_host(from_host)
        except Exception as error:  # a shape that PyTorch cannot do is a hole in the table, not the end of it
            graph[f"{name}Error"] = f"{type(error).__name__}: {error}"[:300]
            print(f"{key}: {name}: {graph[f'{name}Error']}", file=sys.stderr)
    print(key, json.dumps(rows[f"{key}/{part}"]), file=sys.stderr, flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--json", required=True, help="where the times go")
    parser.add_argument("--rounds", type=int, default=50)
    parser.add_argument("--shapes", choices=["full", "small"], default="full")
    parser.add_argument("--device", default="cuda", help="cuda, cuda:1, or cpu to try the script")
    parser.add_argument("--compile", default="default", help="mode of torch.compile: default, reduce-overhead, …; none: no compiling")
    parser.add_argument("--seconds", type=float, default=420, help="compile nothing more after so long")
    arguments = parser.parse_args()
    device = torch.device(arguments.device)
    if device.index is not None and device.type == "cuda":
        torch.cuda.set_device(device)
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else "CPU"
    mode = arguments.compile if hasattr(torch, "compile") else "none"
    ends, draws = FULL if arguments.shapes == "full" else SMALL
    timer, rows, begin = Timer(device, arguments.rounds), {}, time.monotonic()

    title = f"{torch.__version__} on {name}, torch.compile mode {mode}, {arguments.rounds} rounds"

    def mode_now():
        return mode if time.monotonic() - begin < arguments.seconds else "none"

    def save():
        # After every shape: whoever is stopped leaves what he has.
        with open(arguments.json, "w", encoding="utf-8") as file:
            json.dump({"title": title, "rows": rows}, file, indent=1)

    with torch.inference_mode():
        for beams, hidden, units, vocabulary in ends:
            for type_name, numbers in (("f16", torch.float16), ("f32", torch.float32)):
                if type_name == "f16" and device.type == "cpu":
                    numbers = torch.float32  # old CPU builds multiply no halves
                work = BlockEnd(beams, hidden, units, vocabulary, numbers, device)
                key = f"block_end/{type_name}/N={beams}/H={hidden}/U={units}/V={vocabulary}"
                measure(timer, work, work.inputs, work.host, key, "graph", mode_now(), rows)
                save()
        for beams, vocabulary in draws:
            logits = 2.5 * torch.randn(beams, vocabulary, generator=torch.Generator().manual_seed(5))
            for kind in ("plain", "top_p", "top_k_top_p_min_p"):
                key = f"sample/{kind}/N={beams}/V={vocabulary}"
                measure(timer, sample(kind), [logits.to(device)], [logits], key, "sample_f32", mode_now(), rows)
                save()


if __name__ == "__main__":
    main()
