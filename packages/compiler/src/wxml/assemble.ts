import { WXS_LIBRARY } from '../wxs/library.ts';
import { TmplGroup } from './template-group.ts';

export interface TemplateBundleInput {
  /** Generator expressions by template path, those of imported templates of other packages included. */
  generators: ReadonlyMap<string, string>;
  /** Rewritten WXS modules by path without suffix; undefined for one that is missing or broken. */
  scripts: ReadonlyMap<string, string | undefined>;
  /** Template paths that the value has keys for. */
  own: readonly string[];
}

/**
 * `Q.A` wraps the handlers of `change:property`, and `Q.W` hears of every WXS module that has run; a runtime that evaluates
 * the expression puts its own in scope.
 */
const HOOKS = ";Object.assign(Q,typeof sparrowHooks==='undefined'?{A:f=>f,B:x=>x,W:()=>{}}:sparrowHooks);";

/**
 * Loader of WXS modules: `D(name, loader)` defines one and returns a function that runs it once. `Q.W` gets the exports, the
 * name, and where the text of this module, of those that it requires, and of the library is to be had.
 */
const WXS_LOADER = `var D=(()=>{
var modules=Object.create(null);
var load=name=>{
var m=modules[name];
if(!m)return {};
if(!m.loaded){m.loaded=true;m.loader.call(undefined,path=>load(String(path).replace(/^\\//,'').replace(/\\.wxs$/,'')),m.module.exports,m.module);Q.W(m.module.exports,name,n=>modules[n]&&modules[n].loader.toString(),__wxsLibrary)}
return m.module.exports;
};
return (name,loader)=>{modules[name]={loaded:false,loader,module:{exports:{}}};return ()=>load(name)};
})();`;

/**
 * The `templates` expression of a bundle. Generators and WXS modules are evaluated on first use: a module that throws
 * breaks the components that use it and no others, and a page does not pay for templates that it does not show.
 */
export function assembleTemplates({ generators, scripts, own }: TemplateBundleInput): string {
  const out: string[] = ['(()=>{', runtimeWithoutLoader(), HOOKS, WXS_LIBRARY, WXS_LOADER];
  out.push('var G=Object.create(null),R=Object.create(null),O=Object.create(null);');
  out.push(
    'var T=(p,f)=>{Object.defineProperty(G,p,{configurable:true,enumerable:true,get(){var v=f();Object.defineProperty(G,p,{value:v});return v}})};',
  );
  for (const [path, code] of scripts) {
    const key = JSON.stringify(path);
    out.push(code === undefined ? `R[${key}]=()=>({});` : `R[${key}]=D(${key},(require,exports,module)=>{${code}});`);
  }
  for (const [path, generator] of generators) out.push(`T(${JSON.stringify(path)},()=>${generator});`);
  out.push(
    'var E=p=>{O[p]={groupList:G,get content(){return G[p]},fallbackListenerOnNativeNode:true}};',
    `${JSON.stringify(own)}.forEach(E);`,
    'return O})()',
  );
  return out.join('\n');
}

let runtime: string | undefined;

/** The compiler's helper that makes a text of a value, and ours: `null` is written out, as the official program does. */
const TO_TEXT = "var Y=function(a){return a==null?'':String(a)}";
const TO_OFFICIAL_TEXT = "var Y=function(a){return a===undefined?'':String(a)}";

/** Helpers that generated code refers to, without the compiler's own WXS loader. */
function runtimeWithoutLoader(): string {
  if (runtime === undefined) {
    const group = new TmplGroup();
    const text = group.getRuntimeString();
    group.free();
    const loader = text.indexOf('var D =');
    runtime = (loader < 0 ? text : text.slice(0, loader)).replace(TO_TEXT, TO_OFFICIAL_TEXT);
  }
  return runtime;
}
