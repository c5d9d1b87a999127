@echo off
rem First log-on of {{ .FQDN }}, written by rackflow.
{{ with .NTP -}}
w32tm /config /syncfromflags:manual /update /manualpeerlist:"{{ join . " " }}" || goto failed
{{ end -}}
{{ range .PostInstall -}}
cmd /c {{ . }}
if errorlevel 1 goto failed
{{ end -}}
{{ with .Callbacks.Done -}}
{{ $.WindowsCall . 100 "installed" }}
{{ end -}}
shutdown /s /t 5
exit /b 0

:failed
{{ with .Callbacks.Failed -}}
{{ $.WindowsCall . 0 "a command of the first log-on failed" }}
{{ end -}}
exit /b 1
