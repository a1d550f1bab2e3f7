/** Entry of a page iframe (dual mode): native hands in the ports to itself and to the logic layer. */
import { portChannel } from '../bridge/index.ts';
import { closeRealm, closeScripts, sealValues } from './close-realm.ts';
import { lookAtView } from './look.ts';
import { startView } from './view.ts';

closeRealm(window);
closeScripts(globalThis);
window.sparrowLook = lookAtView;
window.addEventListener('message', function start(event: MessageEvent) {
  const [host, service] = event.ports;
  if (event.source !== window.parent || !host || !service) return;
  window.removeEventListener('message', start);
  startView({
    ...{ host: portChannel(host), service: portChannel(service), mount: document.body, window },
    // Only then: what is sealed is a little slower.
    beforeScripts: sealValues,
  });
});
// Native posts the ports once it knows that somebody listens.
window.parent.postMessage({ sparrow: 'view-ready' }, '*');
