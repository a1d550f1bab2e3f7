/** pinus RPC at the same work as bench/router-host.ts: `host.cjs rx <port>` or `host.cjs tx <port>`, commands by IPC. */
require('reflect-metadata');
const { join } = require('node:path');
const { RpcClient, createServer } = require('pinus-rpc');

const [role, port] = process.argv.slice(2);
const path = join(__dirname, 'remote/test');
const payload = Buffer.alloc(64).toString('latin1');
let ask;

if (role === 'rx') {
  const server = createServer({
    paths: [{ namespace: 'user', serverType: 'test', path }],
    port: Number(port),
    context: {},
    services: undefined,
  });
  server.start();
  process.send({ ready: true });
} else {
  const servers = [{ id: 'test-server-1', serverType: 'test', host: '127.0.0.1', port: Number(port) }];
  const client = new RpcClient({
    routeContext: servers,
    router: (_session, _message, context, callback) => callback(null, context[0].id),
    context: { serverId: 'bench' },
    pendingSize: 1e9,
  });
  client.start(() => {
    client.addProxies([{ namespace: 'user', serverType: 'test', path }]);
    client.addServers(servers);
    ask = () => client.proxies.user.test.service.echo(null, payload);
    ask().then(() => process.send({ ready: true }));
  });
}

async function run(ms, inFlight) {
  let count = 0;
  const started = performance.now();
  await Promise.all(
    Array.from({ length: inFlight }, async () => {
      while (performance.now() - started < ms) {
        await ask();
        count++;
      }
    }),
  );
  return { count, ms: performance.now() - started };
}

process.on('message', ({ id, command }) => {
  if (command.op === 'usage') {
    const { user, system } = process.cpuUsage();
    process.send({ id, value: { cpuUs: user + system } });
  } else run(command.ms, command.inFlight).then((value) => process.send({ id, value }));
});
process.once('disconnect', () => process.exit(0));
