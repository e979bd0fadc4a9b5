"""The reference programs in PyTorch."""

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


def started(network):
    """Glorot-uniform kernels and biases of zeros."""
    for layer in network.modules():
        if isinstance(layer, (nn.Linear, nn.Conv2d, nn.ConvTranspose2d)):
            nn.init.xavier_uniform_(layer.weight)
            nn.init.zeros_(layer.bias)
    return network


class VAE(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(dense(784, 256), nn.ReLU())
        self.heads(256, 32)
        self.decoder = nn.Sequential(dense(32, 256), nn.ReLU(), dense(256, 784))

    def heads(self, hidden, latent):
        self.mean_and_log_var = nn.Linear(hidden, 2 * latent)
        for half in self.mean_and_log_var.weight.chunk(2):
            nn.init.xavier_uniform_(half)
        nn.init.zeros_(self.mean_and_log_var.bias)

    def forward(self, x):
        mean, log_var = self.mean_and_log_var(self.encoder(x)).chunk(2, dim=1)
        z = mean + torch.exp(0.5 * log_var) * torch.randn_like(mean)
        return self.decoder(z), mean, log_var

    def loss(self, x):
        logits, mean, log_var = self(x)
        reconstruction = F.binary_cross_entropy_with_logits(logits, x, reduction="sum")
        kl = -0.5 * torch.sum(1 + log_var - mean.square() - log_var.exp())
        return (reconstruction + kl) / x.shape[0]


class ConvVAE(VAE):
    """Of the Keras example. Padding "same" of stride 2 is one zero behind each axis."""

    def __init__(self):
        nn.Module.__init__(self)
        self.encoder = started(nn.Sequential(
            nn.Unflatten(1, (1, 28, 28)),
            nn.ZeroPad2d((0, 1, 0, 1)), nn.Conv2d(1, 32, 3, 2), nn.ReLU(),
            nn.ZeroPad2d((0, 1, 0, 1)), nn.Conv2d(32, 64, 3, 2), nn.ReLU(),
            nn.Flatten(), nn.Linear(3136, 16), nn.ReLU(),
        ))
        self.heads(16, 2)
        self.decoder = started(nn.Sequential(
            nn.Linear(2, 3136), nn.ReLU(), nn.Unflatten(1, (64, 7, 7)),
            nn.ConvTranspose2d(64, 64, 3, 2, padding=1, output_padding=1), nn.ReLU(),
            nn.ConvTranspose2d(64, 32, 3, 2, padding=1, output_padding=1), nn.ReLU(),
            nn.Conv2d(32, 1, 3, padding=1), nn.Flatten(),
        ))


class DeepConvVAE(VAE):
    """The convolutional net of Pythae's MNIST runs."""

    def __init__(self):
        nn.Module.__init__(self)

        def halve(before, after):
            return nn.Conv2d(before, after, 4, 2, padding=1), nn.BatchNorm2d(after), nn.ReLU()

        self.encoder = started(nn.Sequential(
            nn.Unflatten(1, (1, 28, 28)),
            *halve(1, 128), *halve(128, 256), *halve(256, 512), *halve(512, 1024), nn.Flatten(),
        ))
        self.heads(1024, 16)
        self.decoder = started(nn.Sequential(
            nn.Linear(16, 16384), nn.Unflatten(1, (1024, 4, 4)),
            nn.ConvTranspose2d(1024, 512, 3, 2, padding=1), nn.BatchNorm2d(512), nn.ReLU(),
            nn.ConvTranspose2d(512, 256, 3, 2, padding=1, output_padding=1), nn.BatchNorm2d(256), nn.ReLU(),
            nn.ConvTranspose2d(256, 1, 3, 2, padding=1, output_padding=1), nn.Flatten(),
        ))


MODELS = {"autoencoder": Autoencoder, "vae": VAE, "conv-vae": ConvVAE, "deep-conv-vae": DeepConvVAE}
