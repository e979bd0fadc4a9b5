"""PyTorch tuned: data in memory, one permutation an epoch, fused Adam, eager and compiled."""

import torch

from common import options, read_images, report, time_steps
from torch_models import MODELS

args = options()
images = torch.from_numpy(read_images(args.data))


def train(compiled):
    torch.manual_seed(0)
    model = MODELS[args.model]()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, fused=True)

    def batch_loss(rows):
        return model.loss(images.index_select(0, rows).float().div_(255))

    if compiled:
        # The C++ wrapper leaves less Python between the kernels.
        batch_loss = torch.compile(batch_loss, options={"cpp_wrapper": True})
    total = torch.zeros(())
    while True:
        total.zero_()
        # A whole number of batches: a partial one would be compiled anew.
        for rows in torch.randperm(len(images)).split(args.batch)[: len(images) // args.batch]:
            loss = batch_loss(rows)
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()
            total += loss.detach()
            yield loss.detach()


def measure(compiled, threads):
    def run(seconds):
        torch._dynamo.reset()
        torch.set_num_threads(threads)
        torch.set_flush_denormal(True)
        return time_steps(train(compiled).__next__, seconds)

    return run


threads = sorted({1, 2, torch.get_num_threads()})
report(
    "torch-tuned",
    args,
    {
        f"{'compile' if compiled else 'eager'}, {n} thread{'s'[: n > 1]}": measure(compiled, n)
        for compiled in (False, True)
        for n in threads
    },
    {"torch": torch.__version__},
)
