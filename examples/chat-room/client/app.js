const qcloud = require('wafer2-client-sdk');
const config = require('./config');
const { createChat } = require('./utils/chat');

App({
  onLaunch() {
    qcloud.setLoginUrl(config.loginUrl);
    this.chat = createChat(qcloud, config.tunnelUrl);
  },
});
