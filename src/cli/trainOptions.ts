import { type Command, Option } from 'commander';
import { familyOf } from '../estimator/create.js';
import { familyNamed } from '../models/families.js';
import { scalings } from '../table/scaling.js';
import { choices } from './choices.js';
import { dataArgument, makeCommand } from './command.js';
import { familyOptions, foreignOptions, hasOption, modelNames } from './modelOptions.js';
import { Output } from './output.js';
import {
  delimiter,
  imageSize,
  layerSizes,
  names,
  oneOf,
  positiveNumber,
  share,
  variance,
  wholeNumber,
} from './parse.js';
import type { Cli } from './program.js';
import { type TrainOptions, trainSummary } from './train.js';

/** The command with its options, which those of models are among. */
export function defineTrain(cli: Cli, argv: readonly string[]): Command {
  const family = familyOf(modelIn(argv));
  const text = {
    name: 'train',
    summary: trainSummary,
    details: `Ctrl-C stops it cleanly: the checkpoint is kept, and --resume goes on as if nothing had happened. This is the help of --model ${family.name}; each model has options of its own, which train --model NAME --help shows`,
    json: 'print JSON alone: a line for every epoch, and a last one with "done": true',
    examples: [
      ['autoencoder train mnist', 'an autoencoder of handwritten digits, 784-256-32-256-784'],
      ['autoencoder train mnist --model vae --hidden 256 --latent 32', 'a variational autoencoder'],
      [
        'autoencoder train faces.npy --validation-split 0.1 --early-stopping 5',
        'until it no longer improves',
      ],
      [
        'autoencoder train people.csv --model vae --id name --validation-split 0.1',
        'rows of a table, whatever they hold',
      ],
      ['autoencoder train photos --image-size 48x64 --validation-split 0.1', 'pictures in a folder'],
      ['autoencoder train --resume --out runs/mnist-vae', 'goes on with a run that was interrupted'],
    ],
  } as const;
  return makeCommand(text, (command) => {
    const { activation, loss, likelihood, optimizer } = choices;
    command
      .argument('[data]', `${dataArgument[1]}; may be left out with --resume`)
      .option('--model <name>', 'which model, of those below (default: autoencoder)', oneOf(modelNames))
      .option(
        '--hidden <sizes>',
        "units of the encoder's dense hidden layers, such as 512,256, or none; the decoder has the same in reverse (default: 256, behind convolutions none)",
        layerSizes,
      )
      .option('--latent <n>', 'numbers in a code (default: 32)', wholeNumber(1))
      .option(
        '--latent-activation <name>',
        "activation of an autoencoder's code (default: linear)",
        oneOf(activation),
      )
      .option('--activation <name>', 'activation of hidden layers (default: relu)', oneOf(activation))
      .option(
        '--output <name>',
        'activation of the reconstruction (default: sigmoid for bytes and for numbers in [0, 1], else linear)',
        oneOf(activation),
      )
      .option(
        '--loss <name>',
        `what an autoencoder minimises: ${loss.join(', ')} (default: mse)`,
        oneOf(loss),
      )
      .option(
        '--likelihood <name>',
        'what a VAE takes values for: bernoulli or gaussian (default: bernoulli for bytes and for numbers in [0, 1], else gaussian)',
        oneOf(likelihood),
      )
      .option(
        '--variance <number|learned>',
        'variance of the gaussian likelihood (default: learned)',
        variance,
      )
      .option('--beta-warmup <epochs>', 'raise beta from 0 over so many epochs', positiveNumber)
      .option('--epochs <n>', 'passes over the data (default: 10)', wholeNumber(1))
      .option('--batch-size <n>', 'samples in a step (default: 128)', wholeNumber(1))
      .addOption(
        new Option('--validation <data>', 'measure these data after every epoch').conflicts(
          'validationSplit',
        ),
      )
      .option(
        '--validation-split <share>',
        'or set such a share of the data aside for that, such as 0.1',
        share,
      )
      .option(
        '--learning-rate <number>',
        "size of the steps (default: the optimizer's usual one, 1e-3 for adam)",
        positiveNumber,
      )
      .option('--optimizer <name>', `${optimizer.join(', ')} (default: adam)`, oneOf(optimizer))
      .option('--clip-norm <number>', 'the largest norm of all gradients together', positiveNumber)
      .option(
        '--early-stopping <epochs>',
        'end when the validation loss (without validation: the loss) has not fallen for so many epochs, and keep the best weights',
        wholeNumber(1),
      )
      .option(
        '--seed <n>',
        'decides weights, order and noise (default: 0)',
        wholeNumber(Number.MIN_SAFE_INTEGER),
      )
      .optionsGroup('Of pictures in a folder:')
      .option(
        '--image-size <height>x<width>',
        'to which they are brought, such as 64x64 (default: their common size, else the median, 64x64 at most)',
        imageSize,
      )
      .option(
        '--image-fit <name>',
        'cover cuts the edges, contain adds bars, fill stretches (default: cover)',
        oneOf(['cover', 'contain', 'fill']),
      )
      .option(
        '--colour <name>',
        'auto, grey or colour pictures (default: auto)',
        oneOf(['auto', 'grey', 'colour']),
      )
      .optionsGroup('Of tables:')
      .option('--columns <names>', 'the only columns to learn from, such as age,income', names)
      .option('--drop <names>', 'columns to leave out', names)
      .option('--categorical <names>', 'columns of numbers that are names of categories', names)
      .option('--label <column>', 'a column that is never learned from')
      .option('--id <column>', 'a column that names the rows')
      .option('--scaling <name>', `of numbers: ${scalings.join(', ')} (default: standard)`, oneOf(scalings))
      .option('--encoding <name>', 'of a text file, such as windows-1252 (default: utf-8)')
      .option('--delimiter <character>', 'between the cells of a text file (default: found out)', delimiter)
      .option(
        '--decimal <mark>',
        'before the decimals of numbers: . or , (default: found out)',
        oneOf(['.', ',']),
      )
      .optionsGroup('Of the run:')
      .option('--out <folder>', 'where the run goes (default: runs/<data>-<model>)')
      .addOption(
        new Option('--resume', 'go on with the run in the folder; --epochs may be raised').conflicts(
          'overwrite',
        ),
      )
      .option('--overwrite', 'replace the run in the folder')
      .action(async (data: string | undefined, options: TrainOptions) => {
        const { train } = await import('./training.js');
        cli.exitCode = await train(data, options, new Output(cli, options));
      })
      .addHelpText('after', `\nActivations: ${activation.join(', ')}\n\nModels:\n${modelLines()}`);
    for (const option of command.options) {
      const field = dependent[option.attributeName()];
      if (field !== undefined && !hasOption(family, field)) option.hideHelp();
    }
    for (const option of [...familyOptions(family), ...foreignOptions(family)]) command.addOption(option);
  });
}

/** Options that only make sense where a family has a certain one; of a family that has not they are not shown. */
const dependent: Readonly<Record<string, string>> = {
  ...{ loss: 'loss', latentActivation: 'latentActivation', betaWarmup: 'betaSchedule' },
};

/** The model that a command line names, before it is read as a whole: options depend on it. */
function modelIn(argv: readonly string[]): string {
  const at = argv.findIndex((word) => word === '--model' || word.startsWith('--model='));
  const named =
    at < 0 ? undefined : argv[at]!.includes('=') ? argv[at]!.slice('--model='.length) : argv[at + 1];
  return named !== undefined && (modelNames as readonly string[]).includes(named) ? named : 'autoencoder';
}

function modelLines(): string {
  const width = Math.max(...modelNames.map((name) => name.length));
  return modelNames.map((name) => `  ${name.padEnd(width)}  ${familyNamed(name).summary}`).join('\n');
}
