import type { ErrorWords } from '@sparrow/core';

/** Every code in Chinese; `errors.ts` asks for them all. */
export const ROUTER_ERRORS_ZH = {
  NO_SUCH_OBJECT: { meaning: '对象没有注册', fix: '先注册该对象，或通过 pick 和 place 创建' },
  MOVED: { meaning: '对象已迁移到其他节点', fix: '重新发送即可到达新位置' },
  OVERLOADED: { meaning: '途经的队列已满', fix: '减少发送量，稍后重试，或改用可合并的状态帧' },
  UNREACHABLE: {
    meaning: '无法连接持有该对象的节点、路由或分组，消息没有送达',
    fix: '等该节点连上主路由后重新发送；执行 `sparrow game topology` 查看状态',
  },
  TIMEOUT: {
    meaning: '在期限内没有收到应答，无法确定对方是否已经收到',
    fix: '仅重试可以重复执行的操作，或调大 `within`',
  },
  DEADLOCK: { meaning: '对象在等待应答时又被间接询问到自己', fix: '其中一方不应等待应答，改用 tell' },
  FAILED: { meaning: '对象自身的代码抛出了异常', fix: '查看该对象所在节点的日志' },
  EXISTS: { meaning: '该对象已经注册', fix: '改用 `kick` 策略，或保留已有的注册' },
  COLLISION: { meaning: '另一个名称计算出了相同的 64 位标识', fix: '为对象换一个键' },
  TYPE_NOT_DECLARED: { meaning: '节点没有声明该类型', fix: '把该类型加入节点的 `types`' },
  LINK_REFUSED: { meaning: '链路的另一端没有通过身份验证', fix: '检查两端的密钥和版本是否一致' },
  VERSION_UNKNOWN: { meaning: '链路两端没有共同支持的协议版本', fix: '先升级版本较旧的一端' },
  FRAME_INVALID: {
    meaning: '数据帧不合法、过大，或不允许出现在该链路上',
    fix: '减小单次发送的内容，或调大途经各链路两端的 `frameBytes`',
  },
  ADDRESS_FAILED: { meaning: '无法监听或连接该地址', fix: '检查配置中的地址，并确认对端已经启动' },
  COORDINATION_LOST: {
    meaning: '无法连接协调服务，或会话已被其终止',
    fix: '检查配置中的 `zookeeper`，并确认过半数的服务器正在运行且互相连通',
  },
  VERSION_CONFLICT: { meaning: '数据已被他人更新', fix: '重新读取后再修改' },
  CLOSED: { meaning: '该实例已经关闭', fix: '重新创建一个' },
} satisfies Record<string, ErrorWords>;
