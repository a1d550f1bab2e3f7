// 后端的域名。本机运行时 sparrow.json 的 hosts 把它指到 server/ 里的后端；上线时换成自己的域名即可。
const host = 'https://chat-room.sparrow.test';

module.exports = {
  host,
  loginUrl: `${host}/login`,
  tunnelUrl: `${host}/tunnel`,
};
