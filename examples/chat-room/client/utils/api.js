const qcloud = require('wafer2-client-sdk');
const config = require('../config');

/** 带登录态的请求；登录过期时 SDK 会自动重新登录并重试一次。返回后端 `{code: 0, data}` 里的 data。 */
function get(path) {
  return new Promise((resolve, reject) => {
    qcloud.request({
      url: config.host + path,
      success({ data }) {
        if (data && data.code === 0) resolve(data.data);
        else reject(new Error(data?.message || '服务器没有正确响应'));
      },
      fail: (error) => reject(new Error(error.message || error.errMsg || '网络异常')),
    });
  });
}

/** 微信登录，返回用户资料。 */
function login() {
  return new Promise((resolve, reject) => {
    qcloud.login({
      success: resolve,
      fail: (error) => reject(new Error(error.message || error.errMsg || '登录失败')),
    });
  });
}

/** 上次登录留下的用户，没有则为 null。 */
function currentUser() {
  const session = qcloud.Session.get();
  return session ? session.userinfo : null;
}

function logout() {
  qcloud.clearSession();
}

module.exports = { get, login, currentUser, logout };
