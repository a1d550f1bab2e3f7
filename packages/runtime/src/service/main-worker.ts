/**
 * Entry of the logic Worker (dual mode). The boot iframe hands in the port to native; native sends the port of a page's view
 * as `['viewPort', pageId]` just before the page's route.
 */
import { jsonTreeCodec, portChannel } from '../bridge/index.ts';
import { startAppService } from './app-service.ts';

globalThis.onmessage = (event: MessageEvent) => {
  const [hostPort] = event.ports;
  if (!hostPort) return;
  globalThis.onmessage = null;
  const views = new Map<number, MessagePort>();
  const host = portChannel(hostPort);
  startAppService({
    host: {
      ...host,
      listen: (receive) =>
        host.listen((message, ports) => {
          const [kind, pageId] = message;
          if (kind === 'viewPort' && ports[0]) views.set(pageId as number, ports[0]);
          else receive(message, ports);
        }),
    },
    codec: jsonTreeCodec,
    connectView(pageId) {
      const port = views.get(pageId);
      if (!port) throw new Error(`native announced no view for page ${pageId}`);
      views.delete(pageId);
      return portChannel(port);
    },
  });
};
