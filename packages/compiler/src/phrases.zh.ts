/** What this package says to people, in Chinese. `scripts/phrases.mjs` finds what is missing here. */
export const COMPILER_PHRASES_ZH: Readonly<Record<string, string>> = {
  'no app.json in {0}': '{0} 中没有 app.json',
  'pass the folder of a mini program: that of project.config.json, or that of app.json':
    '指定小程序所在的目录，即 project.config.json 或 app.json 所在的目录',
  '{0} is a mini game (it has game.js and no app.json)': '{0} 是小游戏（有 game.js，没有 app.json）',
  'Sparrow runs mini programs; a mini game has no pages and draws on a canvas of its own: use the official tool':
    'Sparrow 运行的是小程序；小游戏没有页面，画面由自己的画布绘制，请使用官方工具',
  '{0} leaves the package': '{0} 超出了产物目录',
  'rename that file of the project': '重命名项目中的该文件',
  'the compiler is closed': '编译器已关闭',
  'create another one': '重新创建一个',
};
