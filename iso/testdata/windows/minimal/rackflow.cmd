@echo off
rem First log-on of w, written by rackflow.
shutdown /s /t 5
exit /b 0

:failed
exit /b 1
