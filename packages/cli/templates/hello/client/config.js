// 后端的域名。
const host = 'https://hello.sparrow.test';

module.exports = { host, loginUrl: `${host}/login` };
