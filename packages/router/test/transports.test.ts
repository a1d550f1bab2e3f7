import { MessageChannel } from 'node:worker_threads';
import { startNats } from '@sparrow/testkit';
import { transportContract } from '../contract/transport.ts';
import { createLocalTransport } from '../src/transports/local.ts';
import { createMessagePortTransport } from '../src/transports/message-port.ts';
import { createNatsTransport } from '../src/transports/nats.ts';
import { createTcpTransport } from '../src/transports/tcp.ts';

transportContract({
  name: 'local',
  async start() {
    const transport = createLocalTransport();
    return { server: transport, client: transport, address: '', stop: () => transport.close() };
  },
});

transportContract({
  name: 'tcp',
  async start() {
    const [server, client] = [createTcpTransport(), createTcpTransport()];
    return {
      server,
      client,
      address: '127.0.0.1:0',
      stop: async () => void (await Promise.all([server.close(), client.close()])),
    };
  },
});

transportContract({
  name: 'message port',
  async start() {
    const { port1, port2 } = new MessageChannel();
    const server = createMessagePortTransport();
    server.accept(port1);
    const client = createMessagePortTransport(port2);
    return {
      server,
      client,
      address: '',
      stop: async () => void (await Promise.all([server.close(), client.close()])),
    };
  },
});

transportContract({
  name: 'nats, a real server',
  async start() {
    const nats = await startNats();
    const [server, client] = [
      createNatsTransport({ servers: [nats.address] }),
      createNatsTransport({ servers: [nats.address] }),
    ];
    return {
      server,
      client,
      address: '',
      async stop() {
        await Promise.all([server.close(), client.close()]);
        await nats.stop();
      },
    };
  },
});
