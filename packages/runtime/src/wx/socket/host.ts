import { NativeFailure } from '../../native/failure.ts';
import type { Call, HostHalf } from '../../native/host-half.ts';
import type { NetworkRecord } from '../../native/network-log.ts';
import type { Phone } from '../../native/phone.ts';
import type { ParamsOf } from '../contract.ts';
import type { socketContract } from './contract.ts';

/** Sockets of one phone. The logic layer allows a program five; this holds for whatever it sends instead. */
const MAX_SOCKETS = 10;

type Connect = (typeof socketContract)['calls']['connectSocket'];
type Header = Record<string, string>;

interface OpenSocket {
  socket: WebSocket;
  line: NetworkRecord;
}

/**
 * The relay's sockets: text frames begin with a letter (`o` open, `m` message, `e` error, `c` close), binary frames are
 * the other side's.
 */
export function createSocketHost(phone: Phone): HostHalf<typeof socketContract> {
  const { relay } = phone;
  const sockets = new Map<number, OpenSocket>();
  phone.onClose(() => {
    for (const { socket } of sockets.values()) socket.close();
    sockets.clear();
  });

  /** Resolves when the socket is over, since its events come as progress of this call. */
  function connect(params: ParamsOf<Connect>, call: Call<Connect>): Promise<{ header: Header }> {
    const { socketId, ...wanted } = params;
    const line = phone.developer.network.begin({
      kind: 'socket',
      method: 'WS',
      url: params.url,
      requestHeader: params.header,
      requestBody: '',
    });
    return new Promise((resolve) => {
      const socket = relay.openSocket();
      sockets.set(socketId, { socket, line });
      let header: Header = {};
      let over = false;
      const end = (code: number, reason: string): void => {
        if (over) return;
        over = true;
        sockets.delete(socketId);
        call.progress('close', { code, reason });
        line.end({});
        resolve({ header });
        socket.close();
      };
      const came = (data: string | ArrayBuffer): void => {
        line.frame('server', data);
        call.progress('message', { data });
      };
      socket.onopen = () =>
        socket.send(JSON.stringify({ ...wanted, token: relay.options.token, user: relay.options.user }));
      socket.onmessage = ({ data }: MessageEvent<string | ArrayBuffer>) => {
        if (typeof data !== 'string') return came(data);
        const rest = data.slice(1);
        if (data[0] === 'm') came(rest);
        else if (data[0] === 'o') {
          header = (JSON.parse(rest) as { header: Header }).header;
          line.change({ status: 101, responseHeader: header });
          call.progress('open', { header });
        } else if (data[0] === 'e') call.progress('error', JSON.parse(rest) as { errMsg: string });
        else if (data[0] === 'c') {
          const { code, reason } = JSON.parse(rest) as { code: number; reason: string };
          end(code, reason);
        }
      };
      socket.onclose = () => end(1006, 'abnormal closure');
    });
  }

  return {
    connectSocket(params, call) {
      if (sockets.size >= MAX_SOCKETS || sockets.has(params.socketId)) throw new NativeFailure('max socket count');
      return connect(params, call);
    },
    sendSocketMessage({ socketId, data }) {
      const open = sockets.get(socketId);
      if (open?.socket.readyState !== WebSocket.OPEN) throw new NativeFailure('the socket is not open');
      open.line.frame('phone', data);
      open.socket.send(typeof data === 'string' ? `m${data}` : data);
    },
    closeSocket({ socketId, code, reason }) {
      const { socket } = sockets.get(socketId) ?? {};
      if (socket?.readyState === WebSocket.OPEN) socket.send(`c${JSON.stringify({ code, reason })}`);
    },
  };
}
