"""Published examples in Keras itself, with their settings, to tell our faults from chance in `docs/results.md`.

Prints for each epoch the means over it: for keras-vae total, reconstruction and KL, all in nats an image; for those of
the blog the loss per pixel in training, and on the test images.
"""

import argparse
import os
from pathlib import Path

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import keras
import numpy as np
from keras import layers, ops

from common import read_images

parser = argparse.ArgumentParser()
parser.add_argument(
    "row", choices=("keras-vae", "keras-blog-simple", "keras-blog-sparse", "keras-blog-deep", "keras-blog-conv")
)
parser.add_argument("--epochs", type=int, help="as published by default")
parser.add_argument("--seed", type=int, default=0)
parser.add_argument("--data", required=True, help="folder of MNIST's IDX files")
args = parser.parse_args()

train, test = (
    read_images(Path(args.data) / f"{part}-images-idx3-ubyte").astype("float32").reshape(-1, 28, 28, 1) / 255
    for part in ("train", "t10k")
)


class VAE(keras.Model):
    """The convolutional VAE of keras-io, examples/generative/vae."""

    def __init__(self):
        super().__init__()
        strided = {"kernel_size": 3, "strides": 2, "padding": "same", "activation": "relu"}
        self.encoder = keras.Sequential(
            [
                layers.Conv2D(32, **strided),
                layers.Conv2D(64, **strided),
                layers.Flatten(),
                layers.Dense(16, activation="relu"),
            ]
        )
        self.mean, self.log_var = layers.Dense(2), layers.Dense(2)
        self.decoder = keras.Sequential(
            [
                layers.Dense(7 * 7 * 64, activation="relu"),
                layers.Reshape((7, 7, 64)),
                layers.Conv2DTranspose(64, **strided),
                layers.Conv2DTranspose(32, **strided),
                layers.Conv2DTranspose(1, 3, padding="same", activation="sigmoid"),
            ]
        )
        self.draws = keras.random.SeedGenerator(args.seed)
        self.parts = [keras.metrics.Mean(name="reconstruction"), keras.metrics.Mean(name="kl")]

    def call(self, x):
        h = self.encoder(x)
        mean, log_var = self.mean(h), self.log_var(h)
        z = mean + ops.exp(0.5 * log_var) * keras.random.normal(ops.shape(mean), seed=self.draws)
        return self.decoder(z), mean, log_var

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        picture, mean, log_var = y_pred
        reconstruction = ops.mean(ops.sum(keras.losses.binary_crossentropy(x, picture), axis=(1, 2)))
        kl = ops.mean(ops.sum(-0.5 * (1 + log_var - ops.square(mean) - ops.exp(log_var)), axis=1))
        for metric, value in zip(self.parts, (reconstruction, kl)):
            metric.update_state(value, sample_weight=ops.shape(x)[0])
        return reconstruction + kl


def blog_dense(*units, **first):
    """The dense autoencoders of "Building Autoencoders in Keras"; `first` goes to the layer of the code."""
    *hidden, code = units
    return keras.Sequential(
        [
            layers.Flatten(),
            *(layers.Dense(size, activation="relu") for size in hidden),
            layers.Dense(code, activation="relu", **first),
            *(layers.Dense(size, activation="relu") for size in reversed(hidden)),
            layers.Dense(28 * 28, activation="sigmoid"),
            layers.Reshape((28, 28, 1)),
        ]
    )


def blog_conv():
    """The convolutional autoencoder of the same text."""

    def conv(filters, padding="same", activation="relu"):
        return layers.Conv2D(filters, 3, activation=activation, padding=padding)

    def pool():
        return layers.MaxPooling2D(2, padding="same")

    def enlarge():
        return layers.UpSampling2D(2)

    return keras.Sequential(
        [
            *(conv(16), pool(), conv(8), pool(), conv(8), pool()),
            *(conv(8), enlarge(), conv(8), enlarge(), conv(16, "valid"), enlarge()),
            conv(1, activation="sigmoid"),
        ]
    )


class Report(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs):
        print(epoch + 1, *(f"{name} {value:.5g}" for name, value in logs.items()), flush=True)


blog = {
    "keras-blog-simple": (lambda: blog_dense(32), 50, 256),
    "keras-blog-sparse": (lambda: blog_dense(32, activity_regularizer=keras.regularizers.L1(1e-4)), 100, 256),
    "keras-blog-deep": (lambda: blog_dense(128, 64, 32), 100, 256),
    "keras-blog-conv": (blog_conv, 50, 128),
}

keras.utils.set_random_seed(args.seed)
common = {"shuffle": True, "verbose": 0, "callbacks": [Report()]}
if args.row == "keras-vae":
    model = VAE()
    model.compile(keras.optimizers.Adam(1e-3))
    model.fit(np.concatenate([train, test]), epochs=args.epochs or 30, batch_size=128, **common)
else:
    build, epochs, batch = blog[args.row]
    model = build()
    # Adadelta as it was when the text was written; today's default rate is 0.001.
    optimizer = keras.optimizers.Adadelta(1.0, rho=0.95, epsilon=1e-8)
    model.compile(optimizer, "binary_crossentropy", metrics=["binary_crossentropy"])
    model.fit(
        train, train, epochs=args.epochs or epochs, batch_size=batch, validation_data=(test, test), **common
    )
