"""PyTorch as the tutorials have it: DataLoader, shuffling, plain Adam, the loss read at every step."""

import torch
from torch.utils.data import DataLoader, TensorDataset

from common import options, read_images, report, time_steps
from torch_models import MODELS

args = options()
images = torch.from_numpy(read_images(args.data)).float() / 255
dataset = TensorDataset(images)


def train():
    torch.manual_seed(0)
    loader = DataLoader(dataset, batch_size=args.batch, shuffle=True)
    model = MODELS[args.model]()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    while True:
        total = 0.0
        for (x,) in loader:
            optimizer.zero_grad()
            loss = model.loss(x)
            loss.backward()
            optimizer.step()
            total += loss.item()
            yield loss.detach()


def measure(threads):
    def run(seconds):
        torch.set_num_threads(threads)
        return time_steps(train().__next__, seconds)

    return run


threads = sorted({1, 2, torch.get_num_threads()})
report(
    "torch-ordinary",
    args,
    {f"eager, {n} thread{'s'[: n > 1]}": measure(n) for n in threads},
    {"torch": torch.__version__},
)
