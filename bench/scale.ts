/** The arithmetic of docs/scale.md and a simulation of it: `node bench/scale.ts [players]`. */
const players = Number(process.argv[2] ?? 2_000_000);
const assumptions = {
  players,
  messagesAPlayer: 5,
  routerUs: 0.57,
  nodesUs: 1.12,
  leavesSet: 0.1,
  useOfCore: 0.5,
  rushSeconds: 600,
  routeBytes: 43,
};
const { messagesAPlayer, routerUs, leavesSet, useOfCore } = assumptions;
const messages = players * messagesAPlayer;
const routing = (messages * (1 + leavesSet) * routerUs) / 1e6;
const sets = Math.ceil(routing / useOfCore);

/**
 * Each set's router as a queue: Poisson arrivals of one millisecond, served at its rate; how full it is and what
 * waits.
 */
function simulate(count: number, seconds: number): { busiest: number; p99WaitMs: number; crossing: number } {
  let seed = 12_345;
  const random = (): number => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    return (seed + 0.5) / 2 ** 32;
  };
  const normal = (): number => Math.sqrt(-2 * Math.log(random())) * Math.cos(2 * Math.PI * random());
  const poisson = (mean: number): number => Math.max(0, Math.round(mean + Math.sqrt(mean) * normal()));
  const backlog = new Float64Array(count);
  const worked = new Float64Array(count);
  const waits: number[] = [];
  let crossing = 0;
  for (let ms = 0; ms < seconds * 1000; ms++) {
    for (let set = 0; set < count; set++) {
      const arrived = poisson(messages / count / 1000);
      const leaving = poisson(arrived * leavesSet);
      crossing += leaving;
      backlog[set] = (backlog[set] as number) + arrived * routerUs;
      // The second router of those that leave: any other.
      const other = (set + 1 + Math.floor(random() * (count - 1))) % count;
      backlog[other] = (backlog[other] as number) + leaving * routerUs;
    }
    for (let set = 0; set < count; set++) {
      const waiting = backlog[set] as number;
      const done = Math.min(waiting, 1000);
      worked[set] = (worked[set] as number) + done;
      backlog[set] = waiting - done;
      waits.push(waiting / 1000);
    }
  }
  waits.sort((a, b) => a - b);
  return {
    busiest: Math.max(...worked) / (seconds * 1e6),
    p99WaitMs: waits[Math.floor(waits.length * 0.99)] ?? 0,
    crossing: crossing / seconds,
  };
}

console.log(JSON.stringify(assumptions, null, 2));
console.log(`messages a second: ${messages.toLocaleString('en')}`);
console.log(`cores of routing: ${routing.toFixed(2)}; sets at ${useOfCore * 100} % of a core: ${sets}`);
console.log(`cores of nodes for carrying: ${((messages * assumptions.nodesUs) / 1e6).toFixed(2)}`);
console.log(`table in each router: ${((players * assumptions.routeBytes) / 1e6).toFixed(0)} MB`);
console.log(`registrations a second in the rush: ${Math.round(players / assumptions.rushSeconds)}`);
for (const count of [sets, sets + 2]) {
  const { busiest, p99WaitMs, crossing } = simulate(count, 10);
  console.log(
    `simulated 10 s with ${count} sets: busiest router ${(busiest * 100).toFixed(1)} % of a core, p99 of what waits a millisecond ${p99WaitMs.toFixed(2)} ms of work, ${Math.round(crossing).toLocaleString('en')} messages a second between sets`,
  );
}
