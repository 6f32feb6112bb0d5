import "./shell/shell";
