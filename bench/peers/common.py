"""What the Python peers share: options, MNIST, the clock, and the one line each prints."""

import argparse
import json
import statistics
import sys
import time

import numpy as np


def options(*flags):
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", choices=("autoencoder", "vae", "conv-vae", "deep-conv-vae"), required=True)
    parser.add_argument("--batch", type=int, required=True)
    parser.add_argument("--seconds", type=float, required=True, help="time measured, over all variants")
    parser.add_argument("--data", required=True, help="IDX file of images")
    for flag, text in flags:
        parser.add_argument(flag, action="store_true", help=text)
    return parser.parse_args()


def read_images(path):
    """The images of an IDX file as uint8, a row an image."""
    file = np.fromfile(path, dtype=np.uint8)
    magic, count, height, width = file[:16].view(">i4")
    if magic != 0x803:
        sys.exit(f"{path} is not an IDX file of images")
    return file[16:].reshape(count, height * width)


def time_steps(step, seconds, steps_per_call=1, warm_up=10):
    """Calls `step`, which gives the loss, for `seconds` after `warm_up` calls; the time of each in s."""
    for _ in range(warm_up):
        loss = step()
    times = []
    start = last = time.perf_counter()
    while last - start < seconds:
        loss = step()
        now = time.perf_counter()
        times.append((now - last) / steps_per_call)
        last = now
    return times, len(times) * steps_per_call, float(loss)


def report(peer, args, variants, versions):
    """Measures each variant for its share of the time and prints the fastest, with all beside it.

    `variants` maps a variant's name to a function of a number of seconds that gives the times of
    the steps, their number and the last loss. A variant that cannot run is listed with its error.
    """
    results = []
    for name, measure in variants.items():
        try:
            times, steps, loss = measure(args.seconds / len(variants))
        except Exception as error:
            results.append({"variant": name, "error": f"{type(error).__name__}: {error}".splitlines()[0]})
            continue
        ms = [1000 * seconds for seconds in times]
        results.append(
            {
                "variant": name,
                "msPerStep": round(statistics.median(ms), 4),
                "min": round(min(ms), 4),
                "mean": round(statistics.fmean(ms), 4),
                "steps": steps,
                "loss": loss,
            }
        )
    ran = [result for result in results if "error" not in result]
    if not ran:
        sys.exit(f"{peer}: {results[0]['error']}")
    best = min(ran, key=lambda result: result["msPerStep"])
    line = {"peer": peer, "model": args.model, "batch": args.batch, **best}
    print(json.dumps({**line, "variants": results, "versions": {"python": sys.version.split()[0], **versions}}))
