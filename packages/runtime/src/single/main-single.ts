/** Entry of single mode: the logic layer and all views in one sandboxed frame, a shadow root for each page. */
import { directTreeCodec, localChannelPair, portChannel } from '../bridge/index.ts';
import { startAppService } from '../service/app-service.ts';
import { closeRealm } from '../view/close-realm.ts';
import { lookAtView } from '../view/look.ts';
import { startView } from '../view/view.ts';

closeRealm(window);
window.sparrowLook = lookAtView;
window.addEventListener('message', function start(event: MessageEvent) {
  const [hostPort] = event.ports;
  if (event.source !== window.parent || !hostPort) return;
  window.removeEventListener('message', start);
  const ports = new Map<number, MessagePort>();
  const pages = new Map<number, HTMLElement>();
  const host = portChannel(hostPort);
  const show = (pageId: number): void => {
    for (const [id, element] of pages) element.style.visibility = id === pageId ? '' : 'hidden';
  };
  startAppService({
    host: {
      ...host,
      listen: (receive) =>
        host.listen((message, messagePorts) => {
          const [kind, id] = message;
          const pageId = id as number;
          if (kind === 'viewPort' && messagePorts[0]) ports.set(pageId, messagePorts[0]);
          else if (kind === 'viewShow') show(pageId);
          else if (kind === 'viewClose') {
            pages.get(pageId)?.remove();
            pages.delete(pageId);
          } else receive(message, messagePorts);
        }),
    },
    codec: directTreeCodec,
    connectView(pageId) {
      const port = ports.get(pageId);
      if (!port) throw new Error(`native announced no view for page ${pageId}`);
      ports.delete(pageId);
      const element = document.createElement('sparrow-page');
      element.dataset.page = String(pageId);
      document.body.append(element);
      pages.set(pageId, element);
      show(pageId);
      const [service, view] = localChannelPair();
      startView({ host: portChannel(port), service: view, mount: element.attachShadow({ mode: 'open' }), window });
      return service;
    },
  });
});
// Whether this process still lives.
window.addEventListener('message', ({ source, data }) => {
  if (source === window.parent && (data as { sparrow?: string } | null)?.sparrow === 'ask')
    window.parent.postMessage({ sparrow: 'alive' }, '*');
});
window.parent.postMessage({ sparrow: 'single-ready' }, '*');
