import type { ErrorWords } from '@sparrow/core';

/** Every code in Chinese; `errors.ts` asks for them all. */
export const CLI_ERRORS_ZH = {
  USAGE: { meaning: '命令、选项或参数有误', fix: '运行 `sparrow --help` 查看用法' },
  CONFIRMATION_NEEDED: { meaning: '该命令需要确认，但当前没有可供输入的终端', fix: '确认要执行时加上 --yes' },
  FOLDER_NOT_EMPTY: { meaning: '目标目录中已有文件', fix: '换一个尚不存在的目录' },
  TOOL_FAILED: { meaning: '缺少所需的程序，或程序执行失败', fix: '按照下面的提示检查该程序，然后重试' },
  INTERRUPTED: { meaning: '命令被中断', fix: '重新执行该命令；已完成的部分见上文' },
} satisfies Record<string, ErrorWords>;
