import type { ErrorWords } from '@sparrow/core';

/** Every code in Chinese; `errors.ts` asks for them all. */
export const COMPILER_ERRORS_ZH = {
  NO_PROJECT: {
    meaning: '该目录中没有小程序（缺少 app.json）',
    fix: '指定 project.config.json 或 app.json 所在的目录；小游戏请使用官方工具',
  },
  PATH_OUTSIDE_PACKAGE: { meaning: '项目中的某个名称会写到产物目录之外', fix: '重命名该文件' },
  CLOSED: { meaning: '编译器已关闭', fix: '重新创建一个' },
} satisfies Record<string, ErrorWords>;
