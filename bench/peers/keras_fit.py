"""Keras on TensorFlow: compile with Adam, then fit on arrays in memory, with and without XLA.

A callback takes the time from batch to batch, so that what fit does once an epoch is left out.
With --tuned one call of the compiled function runs many steps (steps_per_execution).
"""

import os
import time

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import keras
import tensorflow as tf
from keras import layers, ops

from common import options, read_images, report

args = options(("--tuned", "many steps in one execution"))
STEPS = 32 if args.tuned else 1
images = read_images(args.data).astype("float32") / 255
# A whole number of executions: XLA would compile a partial batch anew.
images = images[: len(images) // (args.batch * STEPS) * (args.batch * STEPS)]


def autoencoder():
    return keras.Sequential(
        [layers.Input((784,)), layers.Dense(256, activation="relu"), layers.Dense(784, activation="sigmoid")]
    )


class VAE(keras.Model):
    def __init__(self):
        super().__init__()
        self.hidden = layers.Dense(256, activation="relu")
        self.mean = layers.Dense(32)
        self.log_var = layers.Dense(32)
        self.decoder = keras.Sequential([layers.Dense(256, activation="relu"), layers.Dense(784)])

    def call(self, x):
        h = self.hidden(x)
        mean, log_var = self.mean(h), self.log_var(h)
        # TensorFlow's own generator: under XLA it is faster than keras.random.normal.
        z = mean + ops.exp(0.5 * log_var) * tf.random.normal(tf.shape(mean))
        return self.decoder(z), mean, log_var

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        logits, mean, log_var = y_pred
        reconstruction = ops.sum(ops.binary_crossentropy(x, logits, from_logits=True), axis=-1)
        kl = 0.5 * ops.sum(ops.exp(log_var) + ops.square(mean) - 1 - log_var, axis=-1)
        return ops.mean(reconstruction + kl)


class Clock(keras.callbacks.Callback):
    """Takes the time of every execution within an epoch, and stops after `seconds`."""

    def __init__(self, seconds):
        super().__init__()
        self.seconds, self.times, self.start = seconds, [], None

    def on_epoch_begin(self, epoch, logs=None):
        self.last = None

    def on_train_batch_end(self, batch, logs=None):
        now = time.perf_counter()
        self.start = self.start or now
        if self.last:
            self.times.append((now - self.last) / STEPS)
        self.last = now
        if now - self.start > self.seconds:
            self.model.stop_training = True


def measure(jit_compile):
    def run(seconds):
        keras.utils.set_random_seed(0)
        model = VAE() if args.model == "vae" else autoencoder()
        loss = None if args.model == "vae" else "mse"
        targets = None if args.model == "vae" else images
        model.compile(keras.optimizers.Adam(1e-3), loss, jit_compile=jit_compile, steps_per_execution=STEPS)

        def fit(seconds):
            clock = Clock(seconds)
            history = model.fit(
                images, targets, batch_size=args.batch, epochs=10**6, verbose=0, callbacks=[clock]
            )
            return clock.times, len(clock.times) * STEPS, history.history["loss"][-1]

        fit(0.2)  # warm-up: traces and compiles
        return fit(seconds)

    return run


more = f", steps_per_execution {STEPS}" if args.tuned else ""
report(
    "keras-fit-tuned" if args.tuned else "keras-fit",
    args,
    {f"jit_compile {jit}{more}": measure(jit) for jit in ("auto", True)},
    {"keras": keras.__version__, "tensorflow": tf.__version__},
)
