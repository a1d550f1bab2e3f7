import type { DevEvent } from '@sparrow/protocol';

/** The event socket to the server; it comes back by itself after the server was restarted. */
export function createDevLink(path: string, token: string, onEvent: (event: DevEvent) => void): { close(): void } {
  let closed = false;
  let attempt = 0;
  let socket: WebSocket | undefined;
  function open(): void {
    const url = new URL(path, location.href);
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
    socket = new WebSocket(url);
    socket.onopen = () => {
      attempt = 0;
      socket?.send(JSON.stringify({ token }));
    };
    socket.onmessage = ({ data }: MessageEvent<string>) => onEvent(JSON.parse(data) as DevEvent);
    socket.onclose = () => {
      if (!closed) setTimeout(open, Math.min(5_000, 300 * 2 ** attempt++));
    };
  }
  open();
  return {
    close() {
      closed = true;
      socket?.close();
    },
  };
}
