const qcloud = require('wafer2-client-sdk');
const config = require('./config');

App({
  onLaunch() {
    qcloud.setLoginUrl(config.loginUrl);
  },
});
