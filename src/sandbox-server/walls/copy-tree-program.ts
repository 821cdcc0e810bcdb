/**
 * How the launcher copies a tree that a candidate wrote: every step is one name under an open folder and no link is followed; only
 * folders, files, symlinks, FIFOs and overlay's marks of removal are made anew, all owned by one id and without set-user-id; files
 * keep their holes and times.
 */
export const COPY_TREE_PROGRAM = String.raw`
no warnings 'recursion';
my %copy_numbers = (
  x86_64 => { openat => 257, mkdirat => 258, mknodat => 259, fchownat => 260, linkat => 265, symlinkat => 266, readlinkat => 267,
    utimensat => 280, statx => 332, sendfile => 40, lseek => 8, ftruncate => 77, fchmod => 91, fsetxattr => 190, fgetxattr => 193 },
  aarch64 => { openat => 56, mkdirat => 34, mknodat => 33, fchownat => 54, linkat => 37, symlinkat => 36, readlinkat => 78,
    utimensat => 88, statx => 291, sendfile => 71, lseek => 62, ftruncate => 46, fchmod => 52, fsetxattr => 7, fgetxattr => 10 },
);
my $at = $copy_numbers{(POSIX::uname())[4]};
my ($NO_FOLLOW, $READ_FOLDER, $READ_FILE, $MAKE_FILE) = (0x100, 0x80000 | POSIX::O_RDONLY(), 0x80000 | POSIX::O_NONBLOCK(),
  0x80000 | POSIX::O_WRONLY() | POSIX::O_CREAT() | POSIX::O_EXCL());
# O_DIRECTORY and O_NOFOLLOW have other values on other machines, and Perl's POSIX knows neither.
{ my ($folder, $link) = (POSIX::uname())[4] eq 'aarch64' ? (040000, 0100000) : (0200000, 0400000);
  $READ_FOLDER |= $folder | $link; $_ |= $link for $READ_FILE, $MAKE_FILE }
my $MOST_DEPTH = 200;
my ($FOLDER, $FILE, $SYMLINK, $FIFO, $DEVICE) = (0040000, 0100000, 0120000, 0010000, 0020000);
my $MARKS = $root ? 'trusted.overlay.' : 'user.overlay.';

sub look_at {
  my ($folder, $name) = @_;
  my $found = "\0" x 256;
  syscall($at->{statx}, $folder, $name, length $name ? $NO_FOLLOW : $AT_EMPTY_PATH, 0x7ff, $found) == 0 or return;
  my %seen;
  @seen{qw(links mode inode size blocks seconds nanoseconds major minor)} = unpack 'x16 L x8 S x2 Q Q Q x56 q L x4 L L', $found;
  return \%seen;
}

sub copy_folder {
  my ($copy, $from, $to, $path) = @_;
  die "a folder lies too deep\n" if ($path =~ tr{/}{}) > $MOST_DEPTH;
  opendir my $entries, "/proc/self/fd/$from" or die "a folder cannot be read: $!\n";
  my @names = grep { $_ ne '.' and $_ ne '..' } readdir $entries;
  closedir $entries;
  for my $name (@names) {
    my $seen = look_at($from, $name) or next;
    copy_entry($copy, [$from, $to, $name, "$path/$name"], $seen);
  }
}

sub copy_entry {
  my ($copy, $place, $seen) = @_;
  my ($from, $to, $name, $path) = @$place;
  my $kind = $seen->{mode} & 0170000;
  if ($kind == $FOLDER) { return copy_subfolder($copy, $place, $seen) }
  elsif ($kind == $FILE) { return unless copy_file($copy, $place, $seen) }
  elsif ($kind == $SYMLINK) { copy_symlink($place) }
  elsif ($kind == $FIFO) { check($path, syscall $at->{mknodat}, $to, $name, $seen->{mode} & 0170777, 0) }
  elsif ($kind == $DEVICE and $copy->{marks} and not $seen->{major} || $seen->{minor}) {
    return check($path, syscall $at->{mknodat}, $to, $name, $DEVICE, 0);
  }
  else { return }
  give_to_owner($copy, $to, $name);
  set_times($to, $name, $seen);
}

sub copy_subfolder {
  my ($copy, $place, $seen) = @_;
  my ($from, $to, $name, $path) = @$place;
  my $source = check($path, syscall $at->{openat}, $from, $name, $READ_FOLDER);
  check($path, syscall $at->{mkdirat}, $to, $name, 0700);
  my $target = check($path, syscall $at->{openat}, $to, $name, $READ_FOLDER);
  copy_folder($copy, $source, $target, $path);
  give_to_owner($copy, $to, $name);
  finish_folder($copy, $source, $target, $seen);
  set_times($to, $name, $seen);
  POSIX::close($_) for $source, $target;
}

sub finish_folder {
  my ($copy, $source, $target, $seen) = @_;
  syscall $at->{fchmod}, $target, $seen->{mode} & 01777;
  for my $mark ($copy->{marks} ? qw(opaque redirect) : ()) {
    my ($name, $value) = ($MARKS . $mark, "\0" x 4096);
    my $size = syscall $at->{fgetxattr}, $source, $name, $value, length $value;
    set_mark($target, $mark, substr $value, 0, $size) if $size > 0;
  }
}

# Where marks cannot be made, nothing is ever mounted over the layer either.
sub set_mark {
  my ($folder, $name, $value) = @_;
  $name = $MARKS . $name;
  syscall $at->{fsetxattr}, $folder, $name, $value, length $value, 0;
}

# False for one more name of a file that was copied before.
sub copy_file {
  my ($copy, $place, $seen) = @_;
  my ($from, $to, $name, $path) = @$place;
  my $first = $seen->{links} > 1 ? $copy->{links}{$seen->{inode}} : undef;
  return if defined $first and syscall($at->{linkat}, $copy->{target}, $first, $to, $name, 0) == 0;
  $copy->{links}{$seen->{inode}} = substr $path, 1 if $seen->{links} > 1;
  my $source = check($path, syscall $at->{openat}, $from, $name, $READ_FILE);
  my $target = check($path, syscall $at->{openat}, $to, $name, $MAKE_FILE, 0600);
  if ($seen->{blocks} * 512 >= $seen->{size}) { copy_bytes($source, $target, $seen->{size}, $path) }
  else { copy_pieces($source, $target, $seen->{size}, $path) }
  syscall $at->{fchmod}, $target, $seen->{mode} & 0777;
  POSIX::close($_) for $source, $target;
  return 1;
}

# What lies between holes.
sub copy_pieces {
  my ($source, $target, $size, $path) = @_;
  my $end = 0;
  while ($end < $size and (my $start = syscall $at->{lseek}, $source, $end, 3) >= 0) {
    $end = check($path, syscall $at->{lseek}, $source, $start, 4);
    syscall $at->{lseek}, $_, $start, 0 for $source, $target;
    copy_bytes($source, $target, $end - $start, $path);
  }
  check($path, syscall $at->{ftruncate}, $target, $size);
}

sub copy_bytes {
  my ($source, $target, $bytes, $path) = @_;
  while ($bytes > 0) {
    my $sent = check($path, syscall $at->{sendfile}, $target, $source, 0, $bytes) or last;
    $bytes -= $sent;
  }
}

sub copy_symlink {
  my ($from, $to, $name, $path) = @{$_[0]};
  my $leads = "\0" x 4096;
  my $length = check($path, syscall $at->{readlinkat}, $from, $name, $leads, length $leads);
  $leads = substr $leads, 0, $length;
  check($path, syscall $at->{symlinkat}, $leads, $to, $name);
}

sub give_to_owner {
  my ($copy, $folder, $name) = @_;
  syscall $at->{fchownat}, $folder, $name, @{$copy->{owner}}, $NO_FOLLOW if $root and $copy->{owner};
}

sub set_times {
  my ($folder, $name, $seen) = @_;
  my $times = pack 'q4', (@$seen{qw(seconds nanoseconds)}) x 2;
  syscall $at->{utimensat}, $folder, $name, $times, $NO_FOLLOW;
}
`;
