/**
 * What WXS modules see. The object is called `__wxs` in the generated code; the rewriter refers to it:
 *
 * - `c(x)` is `x.constructor`: in WXS a string, so `x.constructor === 'Array'` holds for an array
 * - `t(this)` hides the global object from functions that are called without an object
 * - `g` holds the globals of the language; every other global name is undefined in a module
 *
 * It is made by a function that stands alone: a view that runs handlers gets its text and makes a library of its own, where
 * `print(level, values)` is the console.
 */
export const WXS_LIBRARY = `var __wxsLibrary=(root,print)=>{
var has=Object.prototype.hasOwnProperty,tag=Object.prototype.toString;
var names={'[object Array]':'Array','[object Date]':'Date','[object RegExp]':'RegExp','[object Number]':'Number','[object String]':'String','[object Boolean]':'Boolean','[object Function]':'Function','[object AsyncFunction]':'Function'};
var log=level=>function(){print(level,[].slice.call(arguments))};
var number=function(x){return arguments.length?Number(x):0};
['MAX_VALUE','MIN_VALUE','NEGATIVE_INFINITY','POSITIVE_INFINITY','NaN','EPSILON','MAX_SAFE_INTEGER','MIN_SAFE_INTEGER','isFinite','isInteger','isNaN','isSafeInteger','parseFloat','parseInt'].forEach(k=>{number[k]=Number[k]});
return {
c:x=>x==null?undefined:typeof x==='object'&&has.call(x,'constructor')?x.constructor:names[tag.call(x)]||'Object',
t:x=>x===root?undefined:x,
g:{
getRegExp:(pattern,flags)=>pattern===undefined?new RegExp():new RegExp(pattern,flags),
getDate:function(){return arguments.length?new Date(...arguments):new Date()},
console:{log:log('log'),info:log('info'),warn:log('warn'),error:log('error'),debug:log('debug')},
Math,JSON:{parse:JSON.parse,stringify:JSON.stringify},Number:number,
Date:{parse:Date.parse,UTC:Date.UTC,now:Date.now},
NaN,Infinity,undefined,parseInt,parseFloat,isNaN,isFinite,decodeURI,decodeURIComponent,encodeURI,encodeURIComponent
}};
};
var __wxs=__wxsLibrary(globalThis,(level,values)=>globalThis.console[level](...values));`;

/** Names of `__wxs.g`. */
export const WXS_GLOBALS: ReadonlySet<string> = new Set([
  'getRegExp',
  'getDate',
  'console',
  'Math',
  'JSON',
  'Number',
  'Date',
  'NaN',
  'Infinity',
  'undefined',
  'parseInt',
  'parseFloat',
  'isNaN',
  'isFinite',
  'decodeURI',
  'decodeURIComponent',
  'encodeURI',
  'encodeURIComponent',
]);
