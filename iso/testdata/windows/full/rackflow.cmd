@echo off
rem First log-on of WIN-07.example.com, written by rackflow.
w32tm /config /syncfromflags:manual /update /manualpeerlist:"ntp1.example.com ntp2.example.com" || goto failed
cmd /c powershell -Command "Install-WindowsFeature Hyper-V"
if errorlevel 1 goto failed
curl.exe -f -s -S --retry 30 --retry-connrefused --retry-delay 5 --max-time 15 -X POST -H "Content-Type: application/json" -d "{\"value\":100,\"message\":\"installed\"}" "http://192.0.2.9:8081/callback/tok3n/done"
shutdown /s /t 5
exit /b 0

:failed
curl.exe -f -s -S --retry 30 --retry-connrefused --retry-delay 5 --max-time 15 -X POST -H "Content-Type: application/json" -d "{\"value\":0,\"message\":\"a command of the first log-on failed\"}" "http://192.0.2.9:8081/callback/tok3n/failed"
exit /b 1
