"""The two reference programs in PyTorch."""

import torch
import torch.nn.functional as F
from torch import nn


def dense(inputs, outputs):
    layer = nn.Linear(inputs, outputs)
    nn.init.xavier_uniform_(layer.weight)
    nn.init.zeros_(layer.bias)
    return layer


class Autoencoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(dense(784, 256), nn.ReLU())
        self.decoder = nn.Sequential(dense(256, 784), nn.Sigmoid())

    def forward(self, x):
        return self.decoder(self.encoder(x))

    def loss(self, x):
        return F.mse_loss(self(x), x)


class VAE(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(dense(784, 256), nn.ReLU())
        self.mean_and_log_var = nn.Linear(256, 2 * 32)
        for half in self.mean_and_log_var.weight.chunk(2):
            nn.init.xavier_uniform_(half)
        nn.init.zeros_(self.mean_and_log_var.bias)
        self.decoder = nn.Sequential(dense(32, 256), nn.ReLU(), dense(256, 784))

    def forward(self, x):
        mean, log_var = self.mean_and_log_var(self.encoder(x)).chunk(2, dim=1)
        z = mean + torch.exp(0.5 * log_var) * torch.randn_like(mean)
        return self.decoder(z), mean, log_var

    def loss(self, x):
        logits, mean, log_var = self(x)
        reconstruction = F.binary_cross_entropy_with_logits(logits, x, reduction="sum")
        kl = -0.5 * torch.sum(1 + log_var - mean.square() - log_var.exp())
        return (reconstruction + kl) / x.shape[0]


MODELS = {"autoencoder": Autoencoder, "vae": VAE}
