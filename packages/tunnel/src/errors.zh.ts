import type { ErrorWords } from '@sparrow/core';

/** Every code in Chinese; `errors.ts` asks for them all. */
export const TUNNEL_ERRORS_ZH = {
  SIGNATURE_WRONG: { meaning: '签名不正确，或应用未知', fix: '检查后端使用的密钥和签名方法' },
  REQUEST_INVALID: { meaning: '请求体或数据不符合协议', fix: '按照信道协议修改请求' },
  RECEIVE_URL_REFUSED: { meaning: 'receiveUrl 不是应用自己的地址', fix: '改为应用自己的地址' },
  TUNNEL_UNKNOWN: { meaning: '信道不存在、已过期、已被占用或已关闭', fix: '重新申请信道' },
  CALLBACK_FAILED: { meaning: '回调后端失败', fix: '确认后端正在运行，且信道路由对 GET 和 POST 均返回 200' },
  CALLBACK_LATE: { meaning: '后端没有按时应答回调', fix: '先应答回调，再处理耗时的操作' },
  BACKEND_TOO_SLOW: { meaning: '等待后端处理的消息过多', fix: '加快信道路由的应答，或降低发送频率' },
  CLIENT_TOO_SLOW: { meaning: '等待客户端接收的数据过多', fix: '减少发送给该客户端的数据' },
  CLIENT_SILENT: { meaning: '客户端超过两个心跳周期没有消息', fix: '客户端应按 timeout:N 的间隔发送 ping' },
  FRAME_REFUSED: {
    meaning: '数据包过大、为二进制，或不符合协议',
    fix: '发送不超过 1 MB 的文本包：ping、close 或 message:<JSON>',
  },
  TUNNELS_FULL: { meaning: '信道数量已达上限', fix: '关闭不再使用的信道，或稍后重试' },
} satisfies Record<string, ErrorWords>;
