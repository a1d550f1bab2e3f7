import type { Phone } from '@sparrow/runtime/native';

/** Listens to what the browser says of network and keyboard, and tells it as native events; returns the way to stop. */
export function watchDevice(emit: Phone['emit']): () => void {
  const stop = new AbortController();
  const { signal } = stop;
  const network = (): void =>
    emit('NetworkStatusChange', {
      isConnected: navigator.onLine,
      networkType: navigator.onLine ? 'wifi' : 'none',
    });
  window.addEventListener('online', network, { signal });
  window.addEventListener('offline', network, { signal });
  // The keyboard of a real phone takes from the visual viewport only.
  let keyboard = 0;
  window.visualViewport?.addEventListener(
    'resize',
    () => {
      const { height = innerHeight, scale = 1 } = window.visualViewport ?? {};
      const covered = scale === 1 ? Math.max(0, Math.round(innerHeight - height)) : 0;
      if (covered === keyboard) return;
      keyboard = covered;
      emit('KeyboardHeightChange', { height: covered });
    },
    { signal },
  );
  return () => stop.abort();
}
