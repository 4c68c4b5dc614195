"""Writes ops.json: what PyTorch gives for each operation of the core1 set, and its gradient.

    python tests/golden/make_ops_golden.py > tests/golden/ops.json

An operation that PyTorch has no function for is written out by the definition in docs/abi.md. Those that draw random
numbers aren't here: tests compare what they draw with its distribution.
"""

import json
import math

import torch
import torch.nn.functional as F

torch.manual_seed(20261126)


def floats(*shape):
    """Multiples of 1/64, which survive the way through JSON and float32."""
    return (torch.randn(shape) * 64).round() / 64


def integers(rows):
    return torch.tensor(rows, dtype=torch.int64)


def packed(tensor):
    return {"shape": list(tensor.shape), "type": "int64" if tensor.dtype == torch.int64 else "float32",
            "data": [str(x) if math.isinf(x) else x for x in tensor.flatten().tolist()]}


def case(name, function, **arguments):
    """Runs function(**arguments); floating-point tensors get a gradient unless their name begins with `constant_`."""
    given = {}
    for key, value in arguments.items():
        trained = isinstance(value, torch.Tensor) and value.is_floating_point() and not key.startswith("constant_")
        given[key.removeprefix("constant_")] = value.requires_grad_() if trained else value
    output = function(**given)
    line = {"op": "core1::" + name, "arguments": {}, "output": packed(output.detach())}
    if output.requires_grad:
        weight = floats(*output.shape)
        line["output_gradient"] = packed(weight)
        output.backward(weight)
    for key, value in given.items():
        if not isinstance(value, torch.Tensor):
            line["arguments"][key] = value
            continue
        line["arguments"][key] = packed(value.detach())
        if value.grad is not None:
            line["arguments"][key]["gradient"] = value.grad.flatten().tolist()
    return line


def mask(input, mask):
    return input.masked_fill((mask == 0).unsqueeze(-1), -math.inf)


def gather_rows(input, target, ignore_index=-100):
    return input.flatten(0, target.dim() - 1)[target.flatten() != ignore_index]


def cross_entropy(input, target):
    return F.cross_entropy(input.flatten(0, -2), target.flatten(), ignore_index=-100, reduction="sum")


def any_equal(input, other):
    sets = other.reshape(other.shape[0], -1)
    return (sets.unsqueeze(1) == input.view(1, -1, 1)).any(-1).long()


some_targets = integers([[2, -100, 0], [1, 1, -100]])
cases = [
    case("linear", F.linear, input=floats(2, 3, 4), weight=floats(5, 4), bias=floats(5)),
    case("linear", F.linear, input=floats(2, 4), weight=floats(5, 4)),
    case("tanh", torch.tanh, input=floats(3, 2)),
    case("gelu", F.gelu, input=floats(3, 4)),
    case("layer_norm", lambda input, weight, bias, eps: F.layer_norm(input, weight.shape, weight, bias, eps),
         input=floats(3, 8), weight=floats(8), bias=floats(8), eps=1e-12),
    case("select", torch.select, input=floats(2, 3, 4), dim=1, index=2),
    case("transpose", torch.transpose, input=floats(2, 3, 4), dim0=1, dim1=2),
    case("mask", mask, input=floats(2, 3), mask=integers([1, 0])),
    case("gather_rows", gather_rows, input=floats(2, 3, 4), target=some_targets),
    case("gather_rows", gather_rows, input=floats(2, 3), target=some_targets, ignore_index=1),
    case("cross_entropy", cross_entropy, input=floats(2, 3, 4), target=some_targets),
    case("sigmoid", torch.sigmoid, input=floats(3, 4)),
    case("log_softmax", lambda input: F.log_softmax(input, -1), input=floats(2, 3, 4)),
    case("matmul", torch.matmul, input=floats(2, 3, 4), other=floats(2, 4, 5)),
    case("concat", lambda input, other, dim: torch.cat([input, other], dim), input=floats(2, 3), other=floats(2, 2),
         dim=1),
    case("squared_error", lambda input, target: F.mse_loss(input, target, reduction="sum"), input=floats(5),
         constant_target=floats(5)),
    case("binary_cross_entropy",
         lambda input, target: F.binary_cross_entropy_with_logits(input, target.float(), reduction="sum"),
         input=floats(2, 3), target=integers([[0, 1, 1], [1, 0, 0]])),
    case("normalize", lambda input: F.normalize(input, dim=-1), input=floats(3, 4)),
    case("add", torch.add, input=floats(2, 3), other=floats(2, 1)),
    case("sub", torch.sub, input=floats(2, 3), other=floats(3)),
    case("mul", torch.mul, input=floats(2, 3), other=floats(2, 3)),
    case("add", torch.add, input=floats(2, 3), other=0.5),
    case("sub", torch.sub, input=floats(2, 3), other=0.5),
    case("mul", torch.mul, input=floats(2, 3), other=0.5),
    case("relu", torch.relu, input=floats(3, 4)),
    case("sum", torch.sum, input=floats(3, 4)),
    case("masked_fill", lambda input, mask, value: input.masked_fill(mask != 0, value), input=floats(2, 3),
         mask=integers([[0, 1, 0], [2, 0, 0]]), value=-4.0),
    case("gather", lambda input, index: input.gather(1, index.unsqueeze(1)).squeeze(1), input=floats(3, 4),
         index=integers([2, 0, 3])),
    case("arange", lambda input: torch.arange(input.shape[0]), input=floats(4, 2)),
    case("any_equal", any_equal, input=integers([3, 4, 5]), other=integers([[4, 9], [5, 3]])),
    case("any_equal", any_equal, input=integers([3, 4]), other=integers([4, 4, 7])),
]
print(json.dumps(cases, indent=None).replace('{"op"', '\n{"op"'))
