import type { ErrorWords } from '@sparrow/core';

/** Every code in Chinese; `errors.ts` asks for them all. */
export const CLOUD_ERRORS_ZH = {
  BAD_REQUEST: { meaning: '请求的内容不正确', fix: '按照提示修改请求' },
  TOKEN_INVALID: { meaning: '令牌缺失或无效', fix: '打开启动时输出的地址；程序调用时请带上 SPARROW_TOKEN' },
  CODE_INVALID: { meaning: '登录凭证 code 无效', fix: '重新调用 wx.login；每个 code 五分钟内有效，且只能使用一次' },
  EXCHANGE_FAILED: {
    meaning: '无法向微信换取登录信息',
    fix: '检查 appid、secret 和网络；40013 表示 appid 有误，40125 表示 secret 有误，45011 表示调用过于频繁',
  },
  DECRYPT_FAILED: {
    meaning: '用户数据解密失败',
    fix: '先调用 wx.login，再调用 wx.getUserInfo；每次登录都会更换 session_key',
  },
  USER_UNKNOWN: { meaning: '该用户尚未登录过', fix: '首次登录请使用 login()，它会一并发送用户资料' },
  SKEY_INVALID: { meaning: '登录状态无效', fix: '重新登录' },
  SKEY_EXPIRED: { meaning: '登录已过期', fix: '重新登录；wafer2-client-sdk 会自动重新登录' },
  FOLDER_IN_USE: { meaning: '该目录正被另一个 Sparrow 进程使用', fix: '打开提示中的地址，或先停止那个进程' },
  STATE_TOO_NEW: {
    meaning: '状态目录由更新版本的 Sparrow 写入',
    fix: '升级 Sparrow，或执行 `sparrow reset` 清空状态',
  },
  PORT_TAKEN: { meaning: '端口已被占用', fix: '停止占用端口的程序，或用 --port 指定其他端口' },
  PROJECT_INVALID: {
    meaning: 'package.json、project.config.json 或 sparrow.json 缺失、不是合法的 JSON，或字段有误',
    fix: '修改提示中的文件和位置；JSON 中不能有注释和多余的逗号',
  },
  PATH_OUTSIDE_PROJECT: { meaning: '配置中的路径超出了项目目录', fix: '改用项目内的路径；如果是符号链接，请删除' },
  DEPENDENCIES_MISSING: { meaning: 'npm 依赖安装失败', fix: '检查网络，并在提示的目录中手动执行该命令' },
  BACKEND_NO_COMMAND: {
    meaning: '找不到启动后端的命令',
    fix: '在后端的 package.json 中填写 "main" 或 "start" 脚本（形如 node x.js），或在 sparrow.json 中填写 backend.command',
  },
  BACKEND_NOT_STARTED: {
    meaning: '后端进程无法启动',
    fix: '检查 sparrow.json 的 backend.command，或 package.json 的 "start" 脚本',
  },
  BACKEND_NOT_LISTENING: { meaning: '后端没有按时开始监听端口', fix: '后端必须监听 process.env.PORT' },
  BACKEND_CRASHED: { meaning: '后端进程意外退出', fix: '原因见后端日志' },
  BACKEND_DOWN: { meaning: '后端当前不可用', fix: '查看后端日志，修正错误并保存文件后会自动重启' },
  ORIGIN_REFUSED: { meaning: '请求的来源（Host 或 Origin）不被允许', fix: '从控制台或程序中访问，并使用提示中的地址' },
  ACCESS_UNDECLARED: { meaning: '该接口没有声明谁可以访问，因此一律拒绝', fix: '在路由上声明 config.access' },
  LAN_REFUSED: { meaning: '局域网内不能访问该地址', fix: '在运行 Sparrow 的机器上打开，或扫描启动时显示的二维码' },
  BUSY: { meaning: '当前处理的请求过多', fix: '稍后重试' },
  NOT_FOUND: { meaning: '请求的内容不存在', fix: '检查地址和名称' },
  FILE_TOO_LARGE: { meaning: '文件或请求体过大', fix: '压缩文件、减少单次发送的内容，或调高上限' },
  FILE_TYPE_REFUSED: { meaning: '不接受该类型的文件', fix: '改为发送允许的文件类型' },
  FILE_NOT_FOUND: { meaning: '文件不存在', fix: '使用上传接口返回的 url' },
  INTERNAL: { meaning: 'Sparrow 内部错误', fix: '这是 Sparrow 的缺陷，日志中有调用栈' },
} satisfies Record<string, ErrorWords>;
