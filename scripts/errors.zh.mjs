// The codes of the set-up scripts in Chinese; docs/errors.zh-CN.md is made of it, and `fail` prints it where the shell
// is Chinese.
export const SCRIPT_ERRORS_ZH = {
  BENCH_UNKNOWN: { meaning: '没有该性能测试', fix: '运行 npm run -s bench，查看可用的名称' },
  SDK_NOT_BUILT: { meaning: 'SDK 尚未构建', fix: '运行 npm run typecheck' },
  SDK_NOT_PACKED: { meaning: 'SDK 打包失败', fix: '确认已安装 npm' },
  CHROMIUM_NOT_FOUND: { meaning: '找不到 SPARROW_CHROMIUM 指定的浏览器', fix: '修改或取消该环境变量' },
  PROGRAMS_MISSING: { meaning: '缺少测试所需的程序', fix: '执行提示中的安装命令' },
  PROGRAM_NOT_INSTALLED: { meaning: '程序安装失败', fix: '手动执行提示中的命令' },
  NODE_TOO_OLD: { meaning: 'Node 版本过低', fix: '安装 Node 20 或更高版本后重试' },
  PACKAGES_NOT_INSTALLED: { meaning: 'npm 包安装失败', fix: '检查网络后重新执行该命令' },
  NODE_24_MISSING: {
    meaning: '缺少 Node 24',
    fix: '执行 npm config set ignore-scripts false，删除 node_modules 后重试',
  },
  SOAK_UNNAMED: { meaning: '没有指定要运行的长时间测试', fix: '例如 npm run soak -- store' },
};

/** The words of a code when the shell is Chinese, else undefined. */
export function chineseOf(code, env = process.env) {
  return isChinese(env) && Object.hasOwn(SCRIPT_ERRORS_ZH, code) ? SCRIPT_ERRORS_ZH[code] : undefined;
}

/** The text in the language of the shell. */
export function inShellLanguage(en, zh, env = process.env) {
  return isChinese(env) ? zh : en;
}

function isChinese(env) {
  return /^zh/i.test(env.LC_ALL || env.LC_MESSAGES || env.LANG || '');
}
