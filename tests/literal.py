"""What the references of tests/test_fidelity share: formulas in float64, without the library."""

import numpy as np
import torch
from torch.func import functional_call

__all__ = ['Twin', 'assert_equal_records', 'draws', 'log_share', 'pixels', 'sgd', 'unit']

# In float32, in which the library holds them.
IMAGENET = (
    torch.tensor([123.675, 116.28, 103.53]).double(),
    torch.tensor([58.395, 57.12, 57.375]).double(),
)


def pixels(views, mean=IMAGENET[0], std=IMAGENET[1]):
    """Normalise uint8 views ``[N, 3, T, H, W]``."""
    return [(view.double() - mean.view(3, 1, 1, 1)) / std.view(3, 1, 1, 1) for view in views]


def unit(x, axis=-1):
    """Divide by the L2 norm along an axis."""
    return x / (x * x).sum(axis, keepdim=True).sqrt()


def log_share(scores, index=0):
    """Return the logarithm of a score's share in the softmax of a list of scores."""
    exponents = torch.stack([score.exp() for score in scores])
    return (exponents[index] / exponents.sum()).log()


def draws(rank, iteration, seed=0):
    """Return the generator that a process draws from in an iteration."""
    state = np.random.SeedSequence((seed, rank, iteration)).generate_state(1)[0]
    return torch.Generator().manual_seed(int(state))


class Twin:
    """The state of a training, to be moved by a reference.

    Attributes:
        weights: What the optimizer trains, by name; the same on all processes.
        states: All other entries of the state dict, for each process.
    """

    def __init__(self, records):
        start = records[0].start
        self.weights = {name: start[name].clone().requires_grad_() for name in records[0].trained}
        self.states = [
            {name: value.clone() for name, value in record.start.items()} for record in records
        ]
        for state in self.states:
            for name in self.weights:
                del state[name]

    def network(self, module, rank, prefix='backbone.'):
        """Return a module with a process's tensors below a prefix; BatchNorm moves its statistics.

        Only the forward pass of the module is used.
        """
        tensors = {**self.weights, **self.states[rank]}
        own = {n.removeprefix(prefix): t for n, t in tensors.items() if n.startswith(prefix)}
        module.train()
        return lambda x: functional_call(module, own, (x,))

    def gradients(self, loss):
        """Compute the gradient of a loss by each weight."""
        return dict(zip(self.weights, torch.autograd.grad(loss, list(self.weights.values()))))

    def linear(self, x, name):
        """Apply a linear layer."""
        return x @ self.weights[f'{name}.weight'].T + self.weights[f'{name}.bias']

    def batch_norm(self, x, name, rank, momentum, eps=1e-5):
        """Normalise ``[M, C]`` by its mean and variance, and move a process's running values."""
        state = self.states[rank]
        mean = x.mean(0)
        variance = ((x - mean) ** 2).mean(0)
        unbiased = variance * len(x) / (len(x) - 1)
        for running, new in (('running_mean', mean), ('running_var', unbiased)):
            old = state[f'{name}.{running}']
            state[f'{name}.{running}'] = (1 - momentum) * old + momentum * new.detach()
        state[f'{name}.num_batches_tracked'] += 1
        normalised = (x - mean) / (variance + eps).sqrt()
        return normalised * self.weights[f'{name}.weight'] + self.weights[f'{name}.bias']

    def snapshot(self):
        """Return a copy of the whole state of each process."""
        weights = {name: value.detach().clone() for name, value in self.weights.items()}
        return [
            {**weights, **{name: value.clone() for name, value in state.items()}}
            for state in self.states
        ]


def sgd(weights, gradients, velocities, rate, momentum=0.9):
    """Move weights by SGD with momentum."""
    for name, weight in weights.items():
        velocity = momentum * velocities.get(name, 0) + gradients[name]
        velocities[name] = velocity
        weight.data -= rate * velocity


def assert_equal_records(records, reference, tolerance=1e-7):
    """Compare rates, losses and the whole state after every step, on every process.

    Args:
        records: What the library did, for each process.
        reference: For each step its rate and, for each process, losses and state.
        tolerance: The largest difference, in units of the largest value of a tensor if that
            exceeds 1: running variances become large.
    """
    assert len(reference) == len(records[0].steps) >= 5
    for number, (rate, losses, states) in enumerate(reference):
        for rank, record in enumerate(records):
            step, place = record.steps[number], f'step {number}, process {rank}'
            assert abs(step.rate - rate) < 1e-12, f'{place}: rate {step.rate}, not {rate}'
            expected = {name: value.item() for name, value in losses[rank].items()}
            expected['loss'] = sum(expected.values())
            assert_near(step.losses, expected, tolerance, place)
            assert_near(step.state, states[rank], tolerance, place)


def assert_near(found, expected, tolerance, place):
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        value, other = (torch.as_tensor(x).double() for x in (value, found[name]))
        difference = ((value - other).abs().max() / value.abs().max().clamp(min=1)).item()
        assert difference < tolerance, f'{place}: {name} differs by {difference:.1e}'
