// Makes payments.csv: payments as a shop would export them, invented, with a few that were made by a thief.
//
//   node examples/data/makePayments.mjs
import { writeFileSync } from 'node:fs';

let state = 2024;
const uniform = () => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return state / 2 ** 32;
};
const normal = () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
const oneOf = (list) => list[Math.floor(list.length * uniform())];

const shops = {
  groceries: { usual: 35, spread: 0.5, from: 8, to: 20 },
  fuel: { usual: 60, spread: 0.3, from: 6, to: 22 },
  restaurant: { usual: 45, spread: 0.4, from: 12, to: 23 },
  books: { usual: 20, spread: 0.5, from: 9, to: 19 },
  electronics: { usual: 250, spread: 0.35, from: 9, to: 19 },
};

const lines = ['number,when,shop,amount,card present,country,fraud'];
for (let i = 0; i < 1500; i++) {
  const fraud = uniform() < 0.012;
  const shop = oneOf(Object.keys(shops));
  const { usual, spread, from, to } = shops[shop];
  const hour = fraud ? 1 + 4 * uniform() : from + (to - from) * uniform();
  const time = new Date(Date.UTC(2026, 0, 1 + Math.floor(i / 15)) + hour * 3_600_000);
  // A thief buys at night, without the card, and more than is usual in that shop.
  const amount = (fraud ? 600 : usual) * Math.exp((fraud ? 0.3 : spread) * normal());
  const present = fraud ? uniform() < 0.1 : shop !== 'books' || uniform() < 0.5;
  const country = fraud ? oneOf(['AT', 'NL', 'US']) : oneOf(['AT', 'AT', 'AT', 'AT', 'DE', 'IT']);
  lines.push(
    [
      `P${10_000 + i}`,
      time.toISOString().slice(0, 16).replace('T', ' '),
      uniform() < 0.02 ? '' : shop,
      amount.toFixed(2),
      present ? 'yes' : 'no',
      country,
      Number(fraud),
    ].join(','),
  );
}
writeFileSync(new URL('payments.csv', import.meta.url), `${lines.join('\n')}\n`);
