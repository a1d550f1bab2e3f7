/**
 * 聊天的连接：整个小程序共用一条信道，页面只订阅自己关心的事件。
 *
 * 事件：status（连接状态）、rooms（房间列表）、people（房间里的人）、said（有人说话）。
 * 状态：offline 未连接，connecting 连接中，online 已连接，reconnecting 断线重连中。
 */
function createChat(qcloud, tunnelUrl) {
  const listeners = {};
  let tunnel = null;
  let status = 'offline';
  let room = '';
  let nonce = 0;

  function fire(event, detail) {
    (listeners[event] || []).slice().forEach((listener) => {
      listener(detail);
    });
  }

  function setStatus(next) {
    if (status === next) return;
    status = next;
    fire('status', status);
  }

  function enterAgain() {
    setStatus('online');
    if (room) tunnel.emit('enter', { room });
  }

  return {
    /** 订阅事件，返回取消订阅的函数。 */
    on(event, listener) {
      if (!listeners[event]) listeners[event] = [];
      listeners[event].push(listener);
      return () => {
        listeners[event] = listeners[event].filter((other) => other !== listener);
      };
    },

    get status() {
      return status;
    },

    /** 打开信道；已经打开时什么也不做。断线后 SDK 自己会重连五次，都失败才变成 offline。 */
    open() {
      if (tunnel && !tunnel.isClosed()) return;
      tunnel = new qcloud.Tunnel(tunnelUrl);
      setStatus('connecting');
      tunnel.on('connect', enterAgain);
      tunnel.on('reconnect', enterAgain);
      tunnel.on('reconnecting', () => setStatus('reconnecting'));
      tunnel.on('close', () => setStatus('offline'));
      tunnel.on('error', () => setStatus('offline'));
      ['rooms', 'people', 'said'].forEach((event) => {
        tunnel.on(event, (detail) => fire(event, detail));
      });
      tunnel.open();
    },

    enter(id) {
      room = id;
      if (status === 'online') tunnel.emit('enter', { room });
    },

    leave() {
      room = '';
      if (status === 'online') tunnel.emit('leave');
    },

    /** 发一条消息，返回它的临时编号；服务器回的 said 里带着同样的编号。断线时先排队，连上后再发。 */
    say(text) {
      nonce += 1;
      const mark = `${Date.now()}-${nonce}`;
      tunnel.emit('say', { room, text, nonce: mark });
      return mark;
    },

    close() {
      room = '';
      if (tunnel && !tunnel.isClosed()) tunnel.close();
      tunnel = null;
    },
  };
}

module.exports = { createChat };
