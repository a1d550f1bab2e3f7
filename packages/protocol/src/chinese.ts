import type { Diagnostic, DiagnosticCode } from './diagnostics.ts';
import type { ProblemCode } from './problems.ts';

/** What a code means and what to do about it, in the language of a user. */
export interface Words {
  meaning: string;
  fix: string;
}

/** The codes of compile findings in Chinese. */
export const DIAGNOSTICS_ZH: Record<DiagnosticCode, Words> = {
  APP_JSON_MISSING: { meaning: '缺少 app.json，或无法读取', fix: '在小程序根目录中创建 app.json' },
  JSON_INVALID: { meaning: 'JSON 格式有误', fix: '修改该位置；键和字符串须使用双引号' },
  CONFIG_INVALID: { meaning: '配置项的值有误', fix: '按照提示修改该配置项' },
  PAGE_MISSING: { meaning: 'app.json 中的页面没有对应的文件', fix: '创建该页面的 .wxml 和 .js，或从 app.json 中移除' },
  COMPONENT_MISSING: {
    meaning: 'usingComponents 引用的组件不存在',
    fix: '创建该组件、修改路径，或安装对应的 npm 包',
  },
  FILE_MISSING: { meaning: '引用的文件不存在或无法读取', fix: '修改路径，或添加该文件' },
  IMPORT_CYCLE: { meaning: '文件之间循环引用', fix: '移除其中一处引用' },
  PATH_OUTSIDE_PROJECT: { meaning: '路径超出了小程序根目录', fix: '改用项目内的路径，或把文件复制到项目中' },
  WXML_SYNTAX: { meaning: 'WXML 语法错误', fix: '修改该位置；修正前该模板不会显示' },
  WXML_WARNING: { meaning: 'WXML 可以编译，但可能与预期不符', fix: '检查该位置' },
  WXSS_SYNTAX: { meaning: 'WXSS 语法错误，出错的部分已忽略', fix: '修改该位置；注释请写成 /* … */' },
  WXSS_SELECTOR: { meaning: '小程序不支持该选择器', fix: '修改选择器；修正前该规则不生效' },
  PLUGIN_NOT_LISTED: {
    meaning: '该样式语言未在 useCompilerPlugins 中声明，官方工具不会编译它',
    fix: '在 project.config.json 的 setting.useCompilerPlugins 中加入 "less" 或 "sass"',
  },
  PLUGIN_MISSING: {
    meaning: 'app.json 引用的插件不在本项目中',
    fix: '在 sparrow.json 的 plugins 中写明插件所在目录；在此之前其组件只显示内容，其函数不做任何事',
  },
  WXS_SYNTAX: {
    meaning: 'WXS 语法错误，或使用了 WXS 不支持的语法',
    fix: 'WXS 只支持 ES5，不支持 new、try 和正则字面量',
  },
  SCRIPT_SYNTAX: { meaning: '脚本语法错误', fix: '修改该位置' },
  NPM_MISSING: { meaning: '引用的 npm 包没有安装', fix: '在项目中执行 npm install，或修改路径' },
  TOO_COMPLEX: { meaning: '文件嵌套过深、过长，或编译耗时过长，已跳过', fix: '拆分该文件，或改为从服务器加载数据' },
  COMPILER_BROKE: { meaning: '编译器处理该文件时出错，已跳过', fix: '撤销最近的修改，或拆分该文件' },
  PACKAGE_TOO_LARGE: { meaning: '文件或代码包过大', fix: '把大文件放到服务器上；微信的上限为 30 MB' },
};

/** Codes of what the compiler finds and of what breaks in a running program. */
export type FindingCode = DiagnosticCode | ProblemCode;

/** What a finding says, and what to do about it. Where its own words are English, those of its code stand before them. */
export function diagnosticIn(
  language: 'en' | 'zh',
  { code, message, hint, chinese }: Pick<Diagnostic, 'message' | 'hint' | 'chinese'> & { code: FindingCode },
): { message: string; hint: string } {
  if (language === 'en') return { message, hint };
  return chinese ?? { message: inChinese(code, message), hint: { ...DIAGNOSTICS_ZH, ...PROBLEMS_ZH }[code].fix };
}

/** What is told in English alone, behind the words of its code. */
export function inChinese(code: FindingCode, message: string): string {
  return `${{ ...DIAGNOSTICS_ZH, ...PROBLEMS_ZH }[code].meaning}（${message}）`;
}

/** The codes of problems of a running mini program in Chinese. */
export const PROBLEMS_ZH: Record<ProblemCode, Words> = {
  UNCAUGHT: { meaning: '脚本抛出了未捕获的异常', fix: '日志面板中有对应源码行的调用栈' },
  UNHANDLED_REJECTION: {
    meaning: 'Promise 被拒绝且没有处理',
    fix: '在 try 中使用 await，或添加 catch；不传回调的 wx 接口返回 Promise',
  },
  COMPONENT_ERROR: { meaning: '组件的生命周期、监听器或事件处理函数抛出了异常', fix: '日志面板中有对应源码行的调用栈' },
  COMPONENT_NOT_SUPPORTED: {
    meaning: '暂不支持的组件或 open-type，仅显示其内容',
    fix: '参见 docs/wx-coverage.md 的组件列表',
  },
  API_NOT_SUPPORTED: {
    meaning: '暂不支持的 wx 接口',
    fix: '参见 docs/wx-coverage.md；调用前用 wx.canIUse 判断，或处理 fail 回调',
  },
  API_CRASHED: { meaning: 'wx 接口在 Sparrow 内部出错', fix: '这是 Sparrow 的缺陷，请附上调用参数反馈' },
  VIEW_ERROR: { meaning: '页面的视图层在 Sparrow 内部出错', fix: '这是 Sparrow 的缺陷，请附上该页面反馈' },
  PAGE_FAILED: { meaning: '页面无法创建', fix: '日志面板中有调用栈；可能是页面的某个文件有误' },
  VIEW_STUCK: {
    meaning: '页面长时间没有响应，可能有 WXS 函数陷入死循环',
    fix: '检查 WXS 中是否有死循环，然后点击 ◉ 重新启动',
  },
  LOGIC_STUCK: { meaning: '逻辑层长时间没有响应，可能有脚本陷入死循环', fix: '检查是否有死循环，然后点击 ◉ 重新启动' },
  SET_DATA_FLOOD: {
    meaning: 'setData 持续过于频繁，可能陷入了循环',
    fix: '检查是否有 setData 在其回调、监听器或定时器中再次触发自身',
  },
  PROCESS_GONE: {
    meaning: '运行小程序的浏览器进程已退出，多半是内存用尽',
    fix: '检查是否有不断占用内存的代码，例如只增不减的列表、循环中的分配',
  },
  START_FAILED: { meaning: '小程序无法启动', fix: '按照提示补全缺少的内容；`sparrow build` 会列出文件中的错误' },
  PAGE_TIMEOUT: {
    meaning: '页面没有按时就绪',
    fix: '检查是否有不结束的生命周期函数，或用 `sparrow dev` 打开并查看日志',
  },
  CHECK_FAILED: { meaning: '无法检查该页面', fix: '用 `sparrow check --workers 1` 重新检查；内存不足时标签页会被关闭' },
  HOST_ERROR: { meaning: '模拟手机自身出错', fix: '这是 Sparrow 的缺陷，请附上该页面反馈' },
  BACKEND_UNREACHABLE: { meaning: '项目的后端没有应答', fix: '`sparrow dev` 会显示后端日志和退出原因' },
  UNREACHABLE: { meaning: '外部主机拒绝连接、超时或无法解析', fix: '修改地址，或启动对应的服务' },
};
