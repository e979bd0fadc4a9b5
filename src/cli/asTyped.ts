import { flagOf } from './modelOptions.js';

/** How the library says something of an option, and how it is typed on the command line. */
const phrases: readonly (readonly [library: RegExp, typed: string | ((...found: string[]) => string)])[] = [
  [/choose a latent that codeSize divides/, 'choose a --latent that --code-size divides'],
  [/choose a latent that classes divides/, 'choose a --latent that --classes divides'],
  [
    /sparsity 'kl' needs codes in \[0, 1\], but latentActivation is '(\w+)'; give latentActivation 'sigmoid', or choose sparsity 'l1'/,
    '--sparsity kl needs codes in [0, 1], but the activation of the code is $1; give --latent-activation sigmoid, or choose --sparsity l1',
  ],
  [/needs at least 2 numbers; latent is 1/, 'needs at least 2 numbers, and --latent is 1'],
  [/with alpha (\S+) and lambda (\S+) codes/, 'with --alpha $1 and --lambda $2 codes'],
  [/with (\w+) the amount is the share/, 'with --corruption $1 the --amount is the share'],
  [
    /leave out (\w+(?:, \w+)*), or tied/,
    (_, names) => `leave out ${names!.split(', ').map(flagOf).join(', ')}, or --tied`,
  ],
  [
    /^(\w+): it is for convolutions, and there are none; give channels, or leave \w+ out/,
    (_, name) =>
      `${flagOf(name!)} is for convolutions, and there are none; give --channels, or leave ${flagOf(name!)} out`,
  ],
  [/: binarize: '(\w+)' draws/, ': --binarize $1 draws'],
  [
    /the likelihood 'bernoulli' is for; the likelihood is '(\w+)'/,
    '--likelihood bernoulli is for, and it is $1',
  ],
  [/^channels: /, '--channels: '],
  [/with dataFormat 'channelsFirst'/, 'with --data-format channelsFirst'],
  [
    /; give (at most \d+ or )?a smaller (stride|kernelSize|decoderKernelSize)$/,
    (_, most, name) => `; give ${most?.replace(' or', ', or') ?? ''}a smaller ${flagOf(name!)}`,
  ],
  [
    /^(\w+): (a kernel of .*), or padding 'same'$/,
    (_, name, rest) => `${flagOf(name!)}: ${rest}, or --padding same`,
  ],
  [/^groupNorm: /, '--normalization group: '],
  [
    /choose a linear output \(output: 'linear'; for a VAE likelihood: \{ type: 'gaussian' \}\)/,
    'choose --output linear (for a VAE --likelihood gaussian)',
  ],
  [/Take output 'sigmoid' \(of a gaussian likelihood its activation\)/, 'Take --output sigmoid'],
  [/rise from 0 \(betaSchedule\)/, 'rise from 0 (--beta-warmup)'],
  [/(take a (?:smaller|larger)) (beta|capacity|alpha)\b/i, '$1 --$2'],
  [/(give the likelihood a smaller) variance, or/i, '$1 --variance, or'],
  [/the family info-vae,/, '--model info-vae,'],
  [
    /a smaller decay or a larger restartBelow, (.*); a larger commitment; or a smaller codebook/,
    'a smaller --decay or a larger --restart-below, $1; a larger --commitment; or fewer --codes',
  ],
  [/clipNorm: 1 also helps/, '--clip-norm 1 also helps'],
  [/try (\S+)\), or data of a very large scale/, 'try --learning-rate $1), or data of a very large scale'],
  [/^sampler: (\d+) components need/, '--components $1 needs'],
  [/^sampler: /, ''],
  [/Give size to choose another/, '--image-size chooses another'],
  [
    /give a smaller size, such as \[64, 64\](, or read them in grey)?/,
    'give a smaller --image-size, such as 64x64, or --colour grey',
  ],
  [
    /there are no labels; give them, (.*?): (?:\{ data, shape, labels \}|decode\(codes, \{ labels \}\))/,
    'there are no labels; give data that have them, $1',
  ],
  [/, or where the family is your own, pass it: load\(.*\)$/, ''],
  [/, as in readTable\(path, \{ decimal: "[.,]" \}\)/, ': give --decimal . or --decimal ,'],
  [/^fit: resume: /, '--resume: '],
  [/^log p\(x\) cannot be estimated: /, '--importance-samples: log p(x) cannot be estimated: '],
];

/** An option that a message is about, in front of it or behind the name of a family: `vq-vae: codeSize: …`. */
const optionInFront = /^((?:[a-z][a-z-]*: )?)([a-z]+(?:[A-Z][a-z0-9]*)+): /;

function flag(name: string): string {
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** A message of the library with its options as they are typed on the command line. */
export function asTyped(message: string): string {
  return phrases
    .reduce((text, [library, typed]) => text.replace(library, typed as string), message)
    .replace(optionInFront, (_, family: string, name: string) => `${family}${flag(name)}: `);
}
