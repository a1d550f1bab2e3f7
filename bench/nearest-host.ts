/**
 * A client somewhere: which set it takes for the nearest, again and again. `nearest-host.ts
 * '{"routers":…,"key":…,"count":…}'`
 */
import { createTcpTransport, nearestSet } from '@sparrow/router';

const { routers, key, count } = JSON.parse(process.argv[2] ?? '{}') as {
  routers: Record<string, string[]>;
  key: string;
  count: number;
};
const chosen: string[] = [];
for (let round = 0; round < count; round++) {
  const transport = createTcpTransport();
  chosen.push((await nearestSet({ transport, routers, key })).set);
  await transport.close();
}
process.stdout.write(JSON.stringify(chosen));
process.exit(0);
